// Uses everything once and disposes of it. Nothing here ends the process: it has to end by itself.

import { systemClock } from "@semel/core/adapter";
import { embedded } from "@semel/embedded";

const [directory = ""] = process.argv.slice(2);
const { queue, store } = embedded(directory);
const host = { namespace: "test", clock: systemClock, report: (problem: unknown) => console.log("reported", problem) };
await queue.start(host);
await store.start(host);
const id = "Jx3vQ9-_0aZbYcXdWeVfUgThSiRjQkPl.1";
const consumer = await new Promise<AsyncDisposable>((resolve) => {
  const consuming = queue.consume("mail.send", { concurrency: 5, holdMs: 60_000 }, async () => {
    resolve(consuming);
    return { do: "ack" };
  });
  void consuming.then(() => queue.add([{ id, lane: "mail.send", type: "mail.send", envelope: "{}", delayMs: 0 }]));
});
await queue.hold("mail.send", Date.now() + 3_600_000);
await queue.consume("other", { concurrency: 1, holdMs: 60_000 }, async () => ({ do: "ack" }));
await consumer[Symbol.asyncDispose]();
await queue[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
console.log("disposed");
