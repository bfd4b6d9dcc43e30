import type { EpochMs } from "@semel/core/adapter";
import { type RedisClient, runScript, type Script, script } from "@semel/redis-connection";
import type { BrokerCounts } from "../broker.ts";
import { ranks } from "../new-job.ts";

/**
 * Everything that is asked of a lane, in one call whose price does not grow with the lane. The oldest is looked for at
 * the head of each line. BullMQ forgets a delay once it is over, so the moment it ended comes from the options of a job
 * that was added with it, and from a field of ours in one that was returned with it.
 *
 * ARGV: what the keys of jobs begin with; the time; the ranks.
 */
const lookScript: Script = script(`
local wait, prioritized, delayed, active, meta, limiter = unpack(KEYS)
local heads = {redis.call('LINDEX', wait, -1)}
for i = 3, #ARGV do
  local low = tonumber(ARGV[i]) * 0x100000000
  local head = redis.call('ZRANGEBYSCORE', prioritized, low, low + 0xffffffff, 'LIMIT', 0, 1)[1]
  if head then heads[#heads + 1] = head end
end
local oldest = false
for _, id in ipairs(heads) do
  local fields = id and redis.call('HMGET', ARGV[1] .. id, 'timestamp', 'opts', 'due') or {}
  local since = tonumber(fields[1] or nil)
  if since then
    local isJson, opts = pcall(cjson.decode, fields[2] or '')
    local delay = isJson and type(opts) == 'table' and tonumber(opts.delay) or 0
    since = math.max(since + delay, tonumber(fields[3] or nil) or 0)
    if not oldest or since < oldest then oldest = since end
  end
end
local waiting = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized)
local running = redis.call('LLEN', active)
local state = redis.call('HMGET', meta, 'paused', 'concurrency')
local limit = tonumber(state[2] or nil)
local isOpen = not state[1] and (not limit or running < limit) and redis.call('PTTL', limiter) < 0
local due = waiting > 0 or redis.call('ZCOUNT', delayed, '-inf', (tonumber(ARGV[2]) + 1) * 0x1000 - 1) > 0
return {waiting, redis.call('ZCARD', delayed), running, state[1] and 1 or 0, isOpen and due and 1 or 0, oldest}
`);

/** The field of a job that says until when it was delayed when it was last returned. */
export const dueField = "due";

/** @param keyOf the key of a part of the lane, or of a job by its id */
export async function look(client: RedisClient, keyOf: (part: string) => string): Promise<BrokerCounts> {
  const keys = ["wait", "prioritized", "delayed", "active", "meta", "limiter"].map(keyOf);
  const answer = await runScript(client, lookScript, keys, [keyOf(""), Date.now(), ...ranks]);
  const [waiting, delayed, running, paused, owing, oldest] = answer as [
    ...[number, number, number, number, number],
    number | null,
  ];
  return {
    waiting,
    delayed,
    running,
    paused: paused === 1,
    isOwing: owing === 1,
    oldestWaitingAt: oldest === null ? undefined : (oldest as EpochMs),
  };
}
