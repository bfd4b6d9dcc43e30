import { type RedisClient, runScript, type Script, script } from "@semel/redis-connection";
import type { JobJson, MinimalJob } from "bullmq";
import { textData } from "./text-data.ts";

/**
 * A copy of an acknowledged job, as BullMQ keeps its completed ones, and no more than so many of them.
 *
 * ARGV: the copy's id; what the keys of jobs begin with; the time; how many are kept; then its fields and values.
 */
const copyScript: Script = script(`
local completed, copy = unpack(KEYS)
redis.call('HSET', copy, unpack(ARGV, 5))
redis.call('ZADD', completed, ARGV[3], ARGV[1])
local surplus = -1 - tonumber(ARGV[4])
for _, id in ipairs(redis.call('ZRANGE', completed, 0, surplus)) do redis.call('DEL', ARGV[2] .. id) end
redis.call('ZREMRANGEBYRANK', completed, 0, surplus)
return 1
`);

/** What BullMQ's backends are given of a job. Its data is the envelope. */
export type FinishedJob = Pick<MinimalJob<string>, "id" | "name" | "data" | "opts"> &
  Partial<Pick<JobJson, "timestamp" | "processedOn" | "priority">>;

/**
 * Keeps a copy for people to look at. Under an id of its own: BullMQ takes a finished job for one that is there, and
 * would not let its id be added again.
 *
 * @param keyOf the key of a part of the queue, or of a job by its id
 */
export async function keepCopy(
  client: RedisClient,
  keyOf: (part: string) => string,
  keep: number,
  job: FinishedJob,
): Promise<void> {
  const now = Date.now();
  const id = `${job.id}~${now}`;
  const fields = {
    name: job.name,
    data: textData.encode(job.data),
    opts: JSON.stringify(job.opts),
    timestamp: job.timestamp ?? now,
    delay: 0,
    priority: job.priority ?? 0,
    processedOn: job.processedOn ?? now,
    finishedOn: now,
    returnvalue: "null",
  };
  await runScript(
    client,
    copyScript,
    [keyOf("completed"), keyOf(id)],
    [...[id, keyOf(""), now, keep], ...Object.entries(fields).flat()],
  );
}
