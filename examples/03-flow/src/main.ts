import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { createSemel } from "@semel/core";
import { embedded } from "@semel/embedded";
import { embedEdition } from "./jobs.ts";
import { bill, chunk, document, refused } from "./processors.ts";

const chunks = 100;
await using semel = createSemel({ ...embedded("./.semel"), logger: false });
semel.worker({ processors: [chunk, document], concurrency: 20 });

// The first edition pays for every chunk.
const first = await semel.enqueue(embedEdition, { edition: 1, chunks });
assert.equal((await first.result()).dimensions, chunks * 8);
assert.deepEqual(bill, { chunks: 100, summaries: 1 });
console.log("edition 1: completed, paid for 100 chunks");

// The second shares nine tenths with it. One of its own is refused: the parent dies of it, and its letter says so.
refused.add("chunk 95, edition 2");
const second = await semel.enqueue(embedEdition, { edition: 2, chunks });
await assert.rejects(second.result(), { code: "JOB_DEAD" });
const letter = await semel.deadLetters.get(second.id);
assert.equal(letter?.reason, "CHILDREN_FAILED");
const { children } = letter.details as { children: { index: number; error: { message: string } }[] };
console.log(`edition 2: dead of chunk ${children[0]?.index}, ${children[0]?.error.message}`);

// Words were had with the provider. A redrive does again what failed, and nothing else.
refused.clear();
const again = await semel.deadLetters.redrive(second.id);
while ((await semel.status(again))?.state !== "completed") await setTimeout(50);
assert.deepEqual(bill, { chunks: 110, summaries: 2 });
console.log("edition 2: completed after a redrive, paid for 10 chunks more");
