import { type Redis, startRedis } from "@semel/repo-tools/redis";
import { describeQueue, realTime } from "@semel/testing/suites";
import { afterAll, describe } from "vitest";
import { bullmqQueue } from "../src/index.ts";

/** Servers that no test uses now. A test that restarts its server must not have it in common with another. */
const idle: Redis[] = [];
const all: Redis[] = [];

async function server(): Promise<Redis> {
  const found = idle.pop();
  if (found) return found;
  const started = await startRedis({ appendonly: true });
  all.push(started);
  return started;
}

afterAll(async () => {
  for (const { stop } of all) await stop();
});

// Most of what they do is wait. A longer `shortMs` makes up for the crowd.
describe.concurrent("several at once", () => {
  describeQueue({
    name: "BullMQ on Redis",
    features: bullmqQueue({ redis: "redis://127.0.0.1" }).features,
    async create() {
      const redis = await server();
      const open = () => bullmqQueue({ redis: redis.url });
      const dispose = async () => void idle.push(redis);
      return { queue: open(), open, restart: redis.restart, dispose, time: realTime({ shortMs: 1_000 }) };
    },
  });
});
