import { type Script, script } from "@semel/redis-connection";
import { clock } from "./clock.ts";

/*
 * The index of dead letters: what they are listed, counted and found by. All keys have one hash tag; KEYS[1] is the
 * root of their names:
 *
 *   <root>            ids by time of death          <root>:meta     id → key, type, tenant, reason, group, diedAt, expiresAt
 *   <root>:expiry     ids by end of retention       <root>:groups   [type, reason, group] → how many
 *   <root>:type:<…>  <root>:tenant:<…>  <root>:group:<…>     ids by time of death, of one kind
 */
const index = /* lua */ `
local root = KEYS[1]
local KEY, TYPE, TENANT, REASON, GROUP, DIED_AT, EXPIRES_AT = 1, 2, 3, 4, 5, 6, 7

local function lines(meta)
  local names = { root, root .. ':type:' .. meta[TYPE], root .. ':group:' .. meta[GROUP] }
  if meta[TENANT] then names[4] = root .. ':tenant:' .. meta[TENANT] end
  return names
end

local function group_of(meta)
  return cmsgpack.pack({ meta[TYPE], meta[REASON], meta[GROUP] })
end

local function meta_of(id)
  local packed = redis.call('HGET', root .. ':meta', id)
  return packed and cmsgpack.unpack(packed)
end

-- Answers the key of the letter's record; nil where there was no such letter.
local function remove(id)
  local meta = meta_of(id)
  if not meta then return nil end
  for _, line in ipairs(lines(meta)) do redis.call('ZREM', line, id) end
  redis.call('ZREM', root .. ':expiry', id)
  redis.call('HDEL', root .. ':meta', id)
  local group = group_of(meta)
  if redis.call('HINCRBY', root .. ':groups', group, -1) <= 0 then redis.call('HDEL', root .. ':groups', group) end
  return meta[KEY]
end
`;

/** Enters a letter. ARGV: its id and its meta as JSON. Entering twice is entering once. */
export const enterScript: Script = script(/* lua */ `
${index}
local id, meta = ARGV[1], cjson.decode(ARGV[2])
-- Long after its record had expired, the same job can die once more, and of something else.
remove(id)
for _, line in ipairs(lines(meta)) do redis.call('ZADD', line, meta[DIED_AT], id) end
redis.call('ZADD', root .. ':expiry', meta[EXPIRES_AT], id)
redis.call('HSET', root .. ':meta', id, cmsgpack.pack(meta))
redis.call('HINCRBY', root .. ':groups', group_of(meta), 1)
`);

/** Removes letters. ARGV: their ids. Answers the keys of those that were there, absent for others. */
export const removeScript: Script = script(/* lua */ `
${index}
local keys = {}
for place, id in ipairs(ARGV) do keys[place] = remove(id) or false end
return keys
`);

/** Removes letters whose time is over, ARGV[1] at most. Answers ids and keys in turn. */
export const sweepScript: Script = script(/* lua */ `
${clock}
${index}
local removed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', root .. ':expiry', '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local key = remove(id)
  if key then
    removed[#removed + 1] = id
    removed[#removed + 1] = key
  else redis.call('ZREM', root .. ':expiry', id) end
end
return removed
`);

/**
 * One stretch of a list, newest first, of one millisecond in the order of their ids backwards. ARGV: the line's suffix,
 * the end of the time span ('' for none), its beginning, time of death and id of the letter before the stretch ('' for
 * none), how many to look at. Answers the id and time of death it got to (absent at the end of the list), then the metas of
 * letters whose time is not over, as one row each with the id in front.
 */
export const stretchScript: Script = script(/* lua */ `
${clock}
${index}
-- By bytes, as Redis sorts ids of one score. Lua itself compares by the locale of the server.
local function is_before(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local line, before, since, died_at, after, limit = root .. ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], tonumber(ARGV[6])
local start = 0
if before ~= '' then start = redis.call('ZCOUNT', line, before, '+inf') end
if after ~= '' then
  -- By its place, not by its rank: it may have been purged meanwhile.
  local place = redis.call('ZCOUNT', line, '(' .. died_at, '+inf')
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', line, died_at, died_at)) do
    if not is_before(id, after) then place = place + 1 end
  end
  start = math.max(start, place)
end
local ids = redis.call('ZREVRANGE', line, start, start + limit - 1, 'WITHSCORES')
local rows = { #ids == 2 * limit and { ids[#ids - 1], tonumber(ids[#ids]) } }
for place = 1, #ids, 2 do
  if tonumber(ids[place + 1]) < since then
    rows[1] = false
    break
  end
  local meta = meta_of(ids[place])
  if meta and meta[EXPIRES_AT] > now then rows[#rows + 1] = { ids[place], unpack(meta) } end
end
return rows
`);

/** The meta of letter ARGV[1], as a row; absent if there is none or its time is over. */
export const metaScript: Script = script(/* lua */ `
${clock}
${index}
local meta = meta_of(ARGV[1])
return meta and meta[EXPIRES_AT] > now and { ARGV[1], unpack(meta) }
`);

/** All groups: how many letters, and the newest of each. */
export const groupsScript: Script = script(/* lua */ `
${index}
local groups = {}
local counted = redis.call('HGETALL', root .. ':groups')
for place = 1, #counted, 2 do
  local kind, reason, group = unpack(cmsgpack.unpack(counted[place]))
  local sample, offset = false, 0
  while not sample do
    local ids = redis.call('ZREVRANGE', root .. ':group:' .. group, offset, offset + 99)
    if #ids == 0 then break end
    for _, id in ipairs(ids) do
      local meta = meta_of(id)
      if meta and meta[TYPE] == kind and meta[REASON] == reason then
        sample = id
        break
      end
    end
    offset = offset + 100
  end
  groups[#groups + 1] = { kind, reason, group, tonumber(counted[place + 1]), sample }
end
return groups
`);
