import { type Script, script } from "@semel/redis-connection";
import { clock } from "./clock.ts";
import { compose } from "./compose.ts";
import { record } from "./record.ts";

/**
 * Erases those records among KEYS that are of the tenant ARGV[1] (any, where there is none), with all that is beside
 * them, and without a tenant also what a record left behind that has expired: letters. Answers how many, and their
 * letters: place in KEYS and stored id in turn.
 */
export const forgetScript: Script = compose(
  clock,
  record,
  /* lua */ `
local forgotten = { 0 }
for place, key in ipairs(KEYS) do
  local alive, r = load(key)
  if ARGV[1] == nil or r and cjson.decode(r[KIND])[3] == ARGV[1] then
    for _, id in ipairs(redis.call('HKEYS', key .. _LETTERS)) do
      forgotten[#forgotten + 1] = place
      forgotten[#forgotten + 1] = id
    end
    redis.call('DEL', key, key .. _RESULT, key .. _ENVELOPE, key .. _FOLLOW_UPS, key .. _STEPS, key .. _LETTERS)
    if alive then forgotten[1] = forgotten[1] + 1 end
  end
end
return forgotten
`,
);

/** A worker is alive. KEYS[1]: the workers. ARGV: id, what it says, for how long that holds. Answers the clock. */
export const beatScript: Script = script(/* lua */ `
${clock}
local keep = tonumber(ARGV[3])
if keep > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack({ now, now + keep, ARGV[2] }))
  -- As long as anybody in it may be alive.
  if redis.call('PTTL', KEYS[1]) < keep then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
else redis.call('HDEL', KEYS[1], ARGV[1]) end
return now
`);

/** Who is alive: when it said so and what, in turn. Forgets who went silent. */
export const workersScript: Script = script(/* lua */ `
${clock}
local alive = {}
local all = redis.call('HGETALL', KEYS[1])
for place = 1, #all, 2 do
  local seen_at, until_at, beat = unpack(cmsgpack.unpack(all[place + 1]))
  if until_at > now then
    alive[#alive + 1] = seen_at
    alive[#alive + 1] = beat
  else redis.call('HDEL', KEYS[1], all[place]) end
end
return alive
`);

/**
 * Notes the version of the format, where none is noted yet. KEYS[1]: the note. ARGV[1]: the version this package
 * writes. Answers the one that is noted, and the server's clock.
 */
export const formatScript: Script = script(/* lua */ `
${clock}
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return { tonumber(redis.call('GET', KEYS[1])), now }
`);
