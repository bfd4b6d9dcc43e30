import { describeJobStore, describeJobStoreModel, type JobStoreUnderTest, realTime } from "@semel/testing/suites";
import { describe } from "vitest";
import { redisStore } from "../src/index.ts";
import { connected, freshPrefix, servers, withLeap } from "./servers.ts";

const features = { durable: true, maxValueBytes: 262_144 };

for (const { name, source } of servers)
  describe(`on ${name}`, { concurrent: true }, () => {
    const connection = connected(source);
    // One for all: every test of the suite has a namespace of its own, and none may notice the others'.
    const prefix = freshPrefix();

    const create = (): JobStoreUnderTest => {
      let leapMs = 0;
      const redis = withLeap(connection(), () => leapMs);
      const open = () => {
        const store = redisStore({ redis, prefix });
        return { store, deadLetters: store };
      };
      const leap = async (ms: number): Promise<void> => {
        leapMs += ms;
      };
      return { ...open(), open, time: realTime({ shortMs: 150, leap }) };
    };
    describeJobStore({ name: "redisStore", features, create });
    describeJobStoreModel({ name: "redisStore, in any order", features, create, runs: 25 });
  });
