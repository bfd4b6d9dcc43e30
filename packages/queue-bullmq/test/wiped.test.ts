import { systemClock } from "@semel/core/adapter";
import { startRedis } from "@semel/repo-tools/redis";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bullmqQueue, bullQueueName } from "../src/index.ts";
import { job } from "./stage.ts";

/* Redis comes back empty, and nobody is told. */

let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A queue whose clock can be turned. */
async function turning() {
  let aheadMs = 0;
  const clock = { ...systemClock, monotonic: () => performance.now() + aheadMs };
  const queue = bullmqQueue({ redis: server.url });
  onTestFinished(() => queue[Symbol.asyncDispose]());
  await queue.start({ namespace: "wiped", clock, report: () => {} });
  const turn = (ms: number): void => {
    aheadMs += ms;
  };
  return { queue, turn };
}

test("a minute later whoever adds has said anew which lanes there are, and how they are kept", async () => {
  const { queue, turn } = await turning();
  await queue.add([job(1)]);
  const known = [{ lane: "lane", types: ["type"] }];
  expect(await queue.lanes()).toEqual(known);
  await redis.flushall();
  turn(60_000);
  await queue.add([job(2), job(3, { type: "another" })]);
  expect(await queue.lanes()).toEqual([{ lane: "lane", types: expect.arrayContaining(["type", "another"]) }]);
  const meta = `semel:${bullQueueName("wiped", "lane")}:meta`;
  expect(await redis.hget(meta, "opts.maxLenEvents")).toBe("1");
});

test("what is known is not written with every job", async () => {
  const { queue, turn } = await turning();
  await queue.add([job(10)]);
  await redis.config("RESETSTAT");
  turn(59_000);
  for (const id of [11, 12, 13]) await queue.add([job(id)]);
  // The fields of each job.
  expect(await redis.info("commandstats")).toContain("cmdstat_hmset:calls=3,");
});

test("that it cannot be written anew keeps nobody from adding", async () => {
  const { queue, turn } = await turning();
  await queue.add([job(20)]);
  await redis.config("SET", "maxmemory", "1");
  onTestFinished(() => void redis.config("SET", "maxmemory", "0"));
  turn(60_000);
  // The broker's own word, and that nothing was added: not a failure that leaves it open.
  expect(await queue.add([job(21)])).toMatchObject([{ is: "refused" }]);
});
