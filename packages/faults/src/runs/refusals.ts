import { waitFor } from "@semel/testing";
import type { Redis } from "ioredis";
import { atMost, type Figure, told } from "../figure.ts";
import { load } from "../load.ts";
import { steady } from "../paid-job.ts";
import { redisServer } from "../place.ts";
import type { Run, Setting } from "../run.ts";
import { redisOperator } from "./connections.ts";

interface Fault {
  readonly what: string;
  begin(operator: Redis): Promise<unknown>;
  end(operator: Redis): Promise<unknown>;
}

/** Long enough for everything that a worker does by itself: renewals, looks, waiting for jobs. */
const lastsMs = 3_000;

const faults: readonly Fault[] = [
  {
    what: "memory full",
    begin: (operator) => operator.config("SET", "maxmemory", "1mb"),
    end: (operator) => operator.config("SET", "maxmemory", "0"),
  },
  {
    what: "read-only replica",
    begin: (operator) => operator.replicaof("127.0.0.1", 1),
    end: (operator) => operator.replicaof("NO", "ONE"),
  },
  {
    what: "CLIENT PAUSE",
    begin: (operator) => operator.call("client", "pause", String(lastsMs), "all"),
    // It ends by itself.
    end: async () => undefined,
  },
];

async function refused(setting: Setting, { what, begin, end }: Fault): Promise<readonly Figure[]> {
  const { url } = await redisServer(setting);
  const running = load(setting, { on: "redis", url }, steady);
  const operator = redisOperator(setting, url);
  await running.progress(50);
  const failuresBefore = running.failures();
  await begin(operator);
  const until = performance.now() + lastsMs;
  await waitFor(() => performance.now() > until, { what: "it to last", deadlineMs: 2 * lastsMs });
  await end(operator);
  const backMs = await running.progress(1, 30_000);
  setting.progress(`${what} is over`);
  return [
    told(`${what}: enqueues that were told so`, running.failures() - failuresBefore),
    atMost(`${what}: until a job ends afterwards`, 5, backMs / 1_000, " s"),
    ...(await running.figures(`${what}: `)),
  ];
}

export const refusalsRun: Run = {
  name: "refusals",
  about: "Redis out of memory with noeviction, a read-only replica, paused, under load",
  run: async (setting) => (await Promise.all(faults.map((fault) => refused(setting, fault)))).flat(),
};
