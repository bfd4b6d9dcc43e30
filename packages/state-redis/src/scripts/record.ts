/** Loading, saving and what every transition shares. Only the server's clock is ever read. */
export const record: string = /* lua */ `
local function ended(r)
  return r[STATE] >= COMPLETED
end

local function unpacked(value)
  local r = { struct.unpack(RECORD, value) }
  if r[FORMAT] ~= 1 then error('a record has the newer format ' .. r[FORMAT], 0) end
  -- The last number is the place behind the fields.
  r[EXTRA] = string.sub(value, r[EXTRA])
  return r
end

local function packed(r)
  local extra = r[EXTRA]
  if type(extra) == 'table' then extra = next(extra) and cmsgpack.pack(extra) or '' end
  return struct.pack(RECORD, unpack(r, 1, RECORD_FIELDS)) .. extra
end

-- Instants as commands take them: Redis writes numbers with 17 digits, and slowly.
local function whole(number)
  return string.format('%d', number)
end

-- The record, unless it has expired; and whatever stands there.
local function load(key)
  local value = redis.call('GET', key)
  if not value then return nil, nil end
  local r = unpacked(value)
  if r[EXPIRES_AT] > now then return r, r end
  return nil, r
end

-- expired_at: when what stood there would have expired; none, if nothing did.
local function save(key, r, expired_at)
  if expired_at == r[EXPIRES_AT] then
    redis.call('SET', key, packed(r), 'KEEPTTL')
    return
  end
  local expires_at = whole(r[EXPIRES_AT])
  redis.call('SET', key, packed(r), 'PXAT', expires_at)
  if not expired_at then return end
  -- What is beside a record lives as long as it, or the next record would find it there. Letters have a time of their own.
  for _, suffix in ipairs({ _RESULT, _ENVELOPE, _FOLLOW_UPS, _STEPS }) do
    redis.call('PEXPIREAT', key .. suffix, expires_at)
  end
end

local function put(key, suffix, blob, expires_at)
  redis.call('SET', key .. suffix, ARGV[blob], 'PXAT', whole(expires_at))
end

local function clear(key, steps_too)
  redis.call('DEL', key .. _RESULT, key .. _ENVELOPE, key .. _FOLLOW_UPS)
  if steps_too then redis.call('DEL', key .. _STEPS) end
end

-- What only some records have, for reading.
local function extra(r, name)
  if r[EXTRA] == '' then return nil end
  if type(r[EXTRA]) == 'string' then r[EXTRA] = cmsgpack.unpack(r[EXTRA]) end
  return r[EXTRA][name]
end

local function set_extra(r, name, value)
  if extra(r, name) == value then return end
  if r[EXTRA] == '' then r[EXTRA] = {} end
  r[EXTRA][name] = value
end

local function result_of(key, r)
  if r[RESULT] == 3 then return extra(r, 'result') or '' end
  return redis.call('GET', key .. _RESULT)
end

-- A record as its job is introduced. before: what stood there; its fence must not be given out again.
local function introduce(before, id, fingerprint, kind, version, delay, deadline)
  local not_before = now + delay
  local deadline_at = not_before + deadline
  -- Pending work is never forgotten before it is certainly over.
  local expires_at = deadline_at + 7 * PAST_LETTER
  return {
    1, PENDING, 0, 0, 0, 0, 0, version, 0, 0, 0, 0, 0, 0, before and before[FENCE] or 0,
    now, not_before, deadline_at, 0, 0, 0, 0, 0, expires_at, 0, id, fingerprint, kind, '', ''
  }
end

-- In place of ended work, which comes back should the queue refuse its successor.
local function replacing(r, fresh)
  fresh[STEPS] = r[STEPS]
  set_extra(r, 'replaced', nil)
  set_extra(fresh, 'replaced', packed(r))
end

local function cancelled_now(r, by, keep)
  r[STATE], r[LEASE_UNTIL], r[FINISHED_AT] = CANCELLED, 0, now
  -- Its delivery may still be waiting in a long line, so it is never forgotten sooner than it would have been.
  r[EXPIRES_AT] = math.max(r[EXPIRES_AT], now + keep)
  set_extra(r, 'cancelled_by', nil)
  set_extra(r, 'error', { 'JOB_CANCELLED', by })
end

-- An expired lease still is its owner's, until somebody else claims.
local function holds(r, owner, fence)
  return r and r[STATE] == RUNNING and r[OWNER] == owner and r[FENCE] == fence
end

local function lost(r)
  return { 'lost', r and r[STATE] or 0, r and r[FENCE] or 0 }
end

local function extend(r, lease)
  r[LEASE_UNTIL] = now + lease
  r[EXPIRES_AT] = math.max(r[EXPIRES_AT], now + lease + PAST_LETTER)
end

local function remember(r, as, code, ended_at)
  local history = extra(r, 'history') or {}
  -- An owner is "<worker>:<delivery>"; which delivery it was helps nobody later.
  local worker = string.match(r[OWNER], '^[^:]*')
  -- Of a text that travels as JSON, the beginning is to be JSON too.
  if string.byte(worker) == 1 and #worker < #r[OWNER] then worker = worker .. '"' end
  local started_at = r[CLAIMED_AT] > 0 and r[CLAIMED_AT] or ended_at
  history[#history + 1] = { r[FAILURES] + 1, as, started_at, ended_at, code, worker }
  if #history > KEPT_ATTEMPTS then table.remove(history, 1) end
  set_extra(r, 'history', history)
end

local function has_letter(key, id)
  return redis.call('HEXISTS', key .. _LETTERS, id) == 1
end

-- What the index of dead letters is to be told of a letter, while it has not been; no more of one that is gone again.
local function unlisted(key, r)
  local letter = extra(r, 'unlisted')
  if not letter or not has_letter(key, r[ID]) then return false end
  return { r[ID], r[KIND], extra(r, 'reason'), letter[1], r[FINISHED_AT], letter[2] }
end
`;
