import { describeQueue, realTime } from "@semel/testing/suites";
import { describe } from "vitest";
import { bullmqQueue } from "../src/index.ts";

const cluster = (process.env.SEMEL_TEST_REDIS_CLUSTER ?? "").split(",").map((node) => `redis://${node}`);
const open = () => bullmqQueue({ redis: { cluster } });

describe.concurrent("several at once", () => {
  describeQueue({
    name: "BullMQ on a Redis Cluster of three nodes",
    features: open().features,
    create: () => ({ queue: open(), open, time: realTime({ shortMs: 1_000 }) }),
  });
});
