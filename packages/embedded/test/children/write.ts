// Adds jobs and writes to the store without end, and prints what was confirmed. The test kills it.
import { writeSync } from "node:fs";
import { systemClock } from "@semel/core/adapter";
import { embedded } from "@semel/embedded";

const [directory = "", round = ""] = process.argv.slice(2);
const { queue, store } = embedded(directory);
const host = { namespace: "test", clock: systemClock, report: () => undefined };
await queue.start(host);
await store.start(host);
for (let count = 1; ; count++) {
  const name = `${round}-${count}`;
  const id = `Jx3vQ9-_0aZbYcXdWeVfUgThSiRjQkPl.${name}`;
  const beat = { id: name, where: "", types: [], busy: 0, concurrency: 1, startedAt: 0, seenAt: 0 };
  const [[added]] = await Promise.all([
    queue.add([{ id, lane: "mail.send", type: "mail.send", envelope: "{}", delayMs: 0 }]),
    store.beat(beat, 3_600_000),
  ]);
  // Written before anything else can happen: what the test reads was confirmed.
  if (added?.is === "added") writeSync(1, `confirmed ${name}\n`);
}
