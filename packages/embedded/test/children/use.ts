// Uses a whole Semel on a directory, and lets go of it at the end of a block. Nothing ends the process: it has to end by itself.
import { closeOnSignals, createSemel, defineJob, processor } from "@semel/core";
import { embedded } from "@semel/embedded";
import { z } from "zod";

const job = defineJob({ type: "use", payload: z.object({ n: z.number() }), correlation: ["n"], result: z.string() });
{
  await using semel = createSemel({ ...embedded(process.argv[2] ?? ""), logger: false });
  using _leaving = closeOnSignals(semel);
  await using _worker = semel.worker({ processors: [processor(job, async () => "a result")] });
  await semel.enqueue(job, { n: 2 }, { delay: "1h" });
  const { result } = await semel.enqueue(job, { n: 1 });
  console.log(`done: ${await result({ timeout: "30s" })}`);
}
