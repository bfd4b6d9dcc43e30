/** `renew`, and `complete`, the usual way to settle. */
export const settling: string = /* lua */ `
local function renew(key, owner, fence, lease, progress)
  local r = load(key)
  if not holds(r, owner, fence) then return lost(r) end
  local expired_at = r[EXPIRES_AT]
  extend(r, lease)
  if progress ~= '' then set_extra(r, 'progress', progress) end
  save(key, r, expired_at)
  return { 'held', extra(r, 'cancelled_by') }
end

-- The record, if it is this owner's to settle; otherwise the answer.
local function settling(key, owner, fence, state)
  local r = load(key)
  if holds(r, owner, fence) then return r end
  -- Sent twice: a fence is given out once, so whoever settled under it is this very call.
  if r and r[FENCE] == fence and r[OWNER] == owner then return nil, { 'settled', r[STATE], unlisted(key, r) } end
  if r and r[STATE] == COMPLETED and state == COMPLETED then return nil, { 'already', COMPLETED } end
  return nil, lost(r)
end

local function finish(key, r, state, keep, follow_ups)
  r[STATE], r[LEASE_UNTIL], r[FINISHED_AT] = state, 0, now
  set_extra(r, 'cancelled_by', nil)
  set_extra(r, 'waiting', nil)
  -- What was dead once must outlast its old letters.
  r[EXPIRES_AT] = math.max(now + keep, r[DEADLINE_AT] + PAST_DEADLINE, r[EVER_DEAD] == 1 and r[EXPIRES_AT] or 0)
  if follow_ups ~= 0 then
    r[FOLLOW_UPS] = 1
    put(key, _FOLLOW_UPS, follow_ups, r[EXPIRES_AT])
  end
end

-- why: the result could not be kept.
local function complete(key, owner, fence, keep, why, result, envelope, follow_ups)
  local r, answer = settling(key, owner, fence, COMPLETED)
  if not r then return answer end
  finish(key, r, COMPLETED, keep, follow_ups)
  r[REPLAY_UNTIL], r[RESULT] = now + keep, why == '' and 1 or 2
  -- A key of its own costs several times as much as a small result.
  local within = why == '' and result ~= 0 and #ARGV[result] <= SMALL_RESULT
  if within then r[RESULT] = 3 end
  set_extra(r, 'result', within and ARGV[result] ~= '' and ARGV[result] or nil)
  set_extra(r, 'why', why ~= '' and why or nil)
  set_extra(r, 'error', nil)
  set_extra(r, 'progress', nil)
  if r[STEPS] == 1 then redis.call('DEL', key .. _STEPS) end
  r[STEPS] = 0
  save(key, r)
  if result ~= 0 and not within then put(key, _RESULT, result, r[EXPIRES_AT]) end
  if envelope ~= 0 then put(key, _ENVELOPE, envelope, r[EXPIRES_AT]) end
  return { 'settled', COMPLETED }
end
`;
