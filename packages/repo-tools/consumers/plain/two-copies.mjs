// Three copies of core in one application: ESM, another ESM one from another folder, and that one's CommonJS. What one makes,
// another must understand, though none of their classes are the same.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import * as here from "@semel/core";
import { memory } from "@semel/core/memory";
import * as copy from "semel-core-copy";
import { memory as memoryOfCopy } from "semel-core-copy/memory";
import { z } from "zod";

const required = createRequire(import.meta.url)("semel-core-copy");
const copies = [here, copy, required];
assert.equal(new Set(copies.map(({ SemelError }) => SemelError)).size, 3, "these are three copies");

for (const maker of copies) {
  const errors = [
    new maker.NonRetryableError("no"),
    new maker.RetryAfterError("1s"),
    new maker.DeferError("later", "1s"),
  ];
  for (const judge of copies) for (const error of errors) assert.ok(judge.SemelError.isInstance(error), error.name);
}

/** A job and its processors from one copy, a backend from another, all run by a third. */
async function run(engine, maker, backend) {
  const job = maker.defineJob({
    type: "copied",
    payload: z.object({ how: z.string() }),
    result: z.string(),
    correlation: ["how"],
  });
  let calls = 0;
  class Copied extends maker.Processor.of(job) {
    async process({ payload: { how }, once, cancel, attempt }) {
      calls += 1;
      if (how === "fail") throw new maker.NonRetryableError("as the copy says");
      if (how === "cancel") return cancel("as the copy says");
      return once("say", () => `${how} ${attempt}`);
    }
  }
  const semel = engine.createSemel({ ...backend, logger: false });
  semel.worker({ processors: [new Copied()] });
  assert.equal(await (await semel.enqueue(job, { how: "well" })).result(), "well 1");
  const ends = { fail: "JOB_DEAD", cancel: "JOB_CANCELLED" };
  for (const [how, code] of Object.entries(ends)) {
    const handle = await semel.enqueue(job, { how });
    await assert.rejects(handle.result(), (error) => maker.SemelError.isInstance(error) && error.code === code);
  }
  // NonRetryableError of the copy was understood: no further attempt.
  assert.equal(calls, 3);
  await semel.close();
}

await run(here, copy, memory());
await run(here, required, memoryOfCopy());
await run(copy, here, memory());
await run(required, here, memoryOfCopy());
console.log("understood");
