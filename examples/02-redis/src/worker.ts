// npm run worker: does the work. Start as many as you like.
import { createSemel, processor } from "@semel/core";
import { redis } from "@semel/redis";
import { embedDocument, namespace, redisUrl } from "./jobs.ts";
import { FakeProvider } from "./provider.ts";

const provider = new FakeProvider(process.env.LEDGER ?? "./ledger.jsonl");

/** A chunk is a paragraph here. */
const chunksOf = (text: string): readonly string[] => text.split(/\n{2,}/).filter((chunk) => chunk.trim() !== "");

const embed = processor(embedDocument, async ({ payload, once, progress }) => {
  const chunks = chunksOf(payload.text);
  let dimensions = 0;
  for (const [index, chunk] of chunks.entries()) {
    // Paid for once: an attempt after a crash gets the vectors that are on record and calls for the rest.
    const vector = await once("embed", ({ key, signal }) => provider.embed(chunk, key, signal), { key: index });
    dimensions = vector.length;
    await progress((index + 1) / chunks.length, `chunk ${index + 1} of ${chunks.length}`);
  }
  return { chunks: chunks.length, dimensions };
});

const semel = createSemel({ ...redis(redisUrl), namespace });
semel.worker({ processors: [embed], concurrency: 4 });

/** Lets running jobs finish for a while, then gives them back; their finished steps stay on record. */
async function close(): Promise<void> {
  await semel.close({ deadline: "2s" });
  console.log("worker closed");
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void close());
console.log(`worker ${process.pid} takes ${embedDocument.type}; Ctrl-C ends it`);
