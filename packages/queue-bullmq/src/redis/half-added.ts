import { type RedisClient, runScript, type Script, script } from "@semel/redis-connection";

/** Removes a job that is in no line. In a line that cannot be read it may be. */
const clearScript: Script = script(`
local wait, active, prioritized, delayed, job = unpack(KEYS)
local function absent(command, line)
  return not redis.pcall(command, line, ARGV[1])
end
if absent('ZSCORE', delayed) and absent('ZSCORE', prioritized) and absent('LPOS', wait) and absent('LPOS', active) then
  redis.call('DEL', job)
  return 1
end
return 0
`);

/**
 * A script that is refused one of its commands – by an ACL, or by a key that holds something else – stops there, and
 * what it did before stays done. Half an addition is a job that nobody will be given, and under whose id none can be
 * added. This takes it back, as far as Redis lets us.
 *
 * Answers whether the job certainly is not there any more.
 *
 * @param keyOf the key of a part of the queue, or of a job by its id
 */
export async function takeBackHalf(client: RedisClient, keyOf: (part: string) => string, id: string): Promise<boolean> {
  const keys = [...["wait", "active", "prioritized", "delayed"].map(keyOf), keyOf(id)];
  return (await runScript(client, clearScript, keys, [id]).catch(() => 0)) === 1;
}
