// Takes one delivery and never ends it. The test kills it.

import { systemClock } from "@semel/core/adapter";
import { embedded } from "@semel/embedded";

const [directory = "", holdMs = ""] = process.argv.slice(2);
const { queue } = embedded(directory);
await queue.start({ namespace: "test", clock: systemClock, report: () => undefined });
await queue.consume("mail.send", { concurrency: 1, holdMs: Number(holdMs) }, (delivery) => {
  console.log(`took ${delivery.id}`);
  return new Promise(() => undefined);
});
