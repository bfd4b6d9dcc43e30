// Consumes a lane and, told to on its standard input, finishes the job in its hands and closes. Then it has nothing left
// to do, and ends by itself if nothing keeps it.
import { once } from "node:events";
import { systemClock } from "@semel/core/adapter";
import { bullmqQueue } from "../../src/index.ts";

const [, , redis = "", namespace = ""] = process.argv;
const queue = bullmqQueue({ redis });
await queue.start({ namespace, clock: systemClock, report: ({ text }) => console.log(`reported ${text}`) });
const told = once(process.stdin, "data");
await queue.consume("lane", { concurrency: 2, holdMs: 10_000 }, async () => {
  console.log("in hand");
  await told;
  return { do: "ack" };
});
await told;
const before = performance.now();
await queue[Symbol.asyncDispose]();
console.log(`disposed after ${Math.round(performance.now() - before)} ms`);
process.stdin.destroy();
