import { beside } from "../keys.ts";

/** `claim`, `renew` and the four ways to settle: the life of one attempt. */
export const attempting: string = /* lua */ `
local function acquired(r, fingerprint, version, max_crashes)
  local doomed = false
  if fingerprint ~= '' and r[FINGERPRINT] ~= fingerprint and r[VERSION] == version then doomed = 'CONFLICT'
  elseif r[CRASHES] > max_crashes then doomed = 'CRASH_LOOP'
  elseif now > r[DEADLINE_AT] then doomed = 'DEADLINE' end
  local answer = { 'acquired', r[FENCE], r[CREATED_AT], r[DEADLINE_AT] }
  -- A first attempt has nothing more to tell.
  if doomed or r[EXTRA] ~= '' or r[GENERATION] + r[FAILURES] + r[CRASHES] + r[DEFERRALS] + r[REDRIVES] > 0 then
    local counters = { r[GENERATION], r[FAILURES], r[CRASHES], r[DEFERRALS], r[REDRIVES] }
    answer[5], answer[6], answer[7], answer[8] = counters, r[RECOVERED], doomed, extra(r, 'history') or {}
  end
  return answer
end

-- kind: only in a second asking, where the first was answered 'absent'. Records rarely expire before their job.
function verbs.claim(key, id, owner, fingerprint, version, max_crashes, lease, kind, delay, deadline)
  local r, before = load(key)
  local found = r
  if not r then
    if kind == '' then return { 'absent' } end
    r = introduce(before, id, fingerprint, kind, version, delay, deadline)
  end
  if r[ID] ~= id then return { 'superseded', r[ID] } end
  if ended(r) then
    local follow_ups = r[FOLLOW_UPS] == 1 and redis.call('GET', key .. '${beside.followUps}')
    return { 'finished', r[STATE], follow_ups, unlisted(r) }
  end

  local expired_at = found and r[EXPIRES_AT]
  local running = r[STATE] == RUNNING
  local left = running and r[LEASE_UNTIL] - now or 0
  -- Sent again, however late: as long as nobody else claimed, it is the same claim, and no crash.
  if running and r[OWNER] == owner then
    extend(r, math.max(lease, left))
    save(key, r, expired_at)
    return acquired(r, fingerprint, version, max_crashes)
  end
  if left > 0 then return { 'busy', left } end
  local cancelled_by = extra(r, 'cancelled_by')
  if cancelled_by then
    -- Its worker died before it could obey; should it come back, nothing it settles is its own any more.
    cancelled_now(r, cancelled_by, 0)
    r[OWNER] = ''
    save(key, r, expired_at)
    return { 'finished', CANCELLED }
  end
  if not running and r[NOT_BEFORE] > now then return { 'not-yet', r[NOT_BEFORE] - now } end

  if running then
    r[CRASHES] = r[CRASHES] + 1
    remember(r, 'crash', 'CRASHED', math.min(now, r[LEASE_UNTIL]))
  end
  -- What goes at the first claim: an expired record's remains, or those of the work whose place this one took.
  local replaced = extra(r, 'replaced')
  if not found and before then clear(key, true)
  elseif replaced then
    clear(key, unpacked(replaced)[GENERATION] ~= r[GENERATION])
    set_extra(r, 'replaced', nil)
  end
  r[STATE], r[OWNER], r[FENCE] = RUNNING, owner, math.max(r[FENCE] + 1, now * 1000)
  if r[STARTED_AT] == 0 then r[STARTED_AT] = now end
  r[CLAIMED_AT], r[RECOVERED] = now, running and 1 or 0
  extend(r, lease)
  save(key, r, expired_at)
  return acquired(r, fingerprint, version, max_crashes)
end

function verbs.renew(key, owner, fence, lease, progress)
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
  if r and r[FENCE] == fence and r[OWNER] == owner then return nil, { 'settled', r[STATE], unlisted(r) } end
  if r and r[STATE] == COMPLETED and state == COMPLETED then return nil, { 'already', COMPLETED } end
  return nil, lost(r)
end

local function finish(key, r, state, keep, follow_ups)
  r[STATE], r[LEASE_UNTIL], r[FINISHED_AT] = state, 0, now
  set_extra(r, 'cancelled_by', nil)
  -- What was dead once must outlast its old letters.
  r[EXPIRES_AT] = math.max(now + keep, r[DEADLINE_AT] + PAST_DEADLINE, r[EVER_DEAD] == 1 and r[EXPIRES_AT] or 0)
  if follow_ups ~= 0 then
    r[FOLLOW_UPS] = 1
    put(key, '${beside.followUps}', follow_ups, r[EXPIRES_AT])
  end
end

-- why: the result could not be kept.
function verbs.complete(key, owner, fence, keep, why, result, envelope, follow_ups)
  local r, answer = settling(key, owner, fence, COMPLETED)
  if not r then return answer end
  finish(key, r, COMPLETED, keep, follow_ups)
  r[REPLAY_UNTIL], r[RESULT] = now + keep, why == '' and 1 or 2
  set_extra(r, 'why', why ~= '' and why or nil)
  set_extra(r, 'error', nil)
  set_extra(r, 'progress', nil)
  save(key, r)
  redis.call('DEL', key .. '${beside.steps}')
  if result ~= 0 then put(key, '${beside.result}', result, r[EXPIRES_AT]) end
  if envelope ~= 0 then put(key, '${beside.envelope}', envelope, r[EXPIRES_AT]) end
  return { 'settled', COMPLETED }
end

function verbs.retry(key, owner, fence, counts, delay, code, message)
  local r, answer = settling(key, owner, fence, RETRYING)
  if not r then return answer end
  local expired_at = r[EXPIRES_AT]
  -- A cancel that came while it was running must not be forgotten by the retry.
  local cancelled_by = extra(r, 'cancelled_by')
  if cancelled_by then
    cancelled_now(r, cancelled_by, 0)
    save(key, r, expired_at)
    return { 'settled', CANCELLED }
  end
  remember(r, counts, code ~= '' and code or 'RELEASED', now)
  r[STATE], r[LEASE_UNTIL], r[NOT_BEFORE] = RETRYING, 0, now + delay
  if counts == 'attempt' then r[FAILURES] = r[FAILURES] + 1 end
  if counts == 'deferral' then r[DEFERRALS] = r[DEFERRALS] + 1 end
  if code ~= '' then set_extra(r, 'error', { code, message }) end
  r[EXPIRES_AT] = math.max(r[EXPIRES_AT], now + delay + PAST_LETTER)
  save(key, r, expired_at)
  return { 'settled', RETRYING }
end

function verbs.die(key, owner, fence, reason, code, message, group, body, keep_letter, keep, follow_ups)
  local r, answer = settling(key, owner, fence, DEAD)
  if not r then return answer end
  local expired_at = r[EXPIRES_AT]
  finish(key, r, DEAD, math.max(keep, keep_letter + PAST_LETTER), follow_ups)
  r[EVER_DEAD] = 1
  set_extra(r, 'reason', reason)
  set_extra(r, 'unlisted', { group, keep_letter })
  if code ~= '' then set_extra(r, 'error', { code, message }) end
  save(key, r, expired_at)
  redis.call('HSET', key .. '${beside.letters}', r[ID], ARGV[body])
  redis.call('PEXPIREAT', key .. '${beside.letters}', whole(r[EXPIRES_AT]))
  return { 'settled', DEAD, unlisted(r) }
end

function verbs.giveUp(key, owner, fence, by, keep, follow_ups)
  local r, answer = settling(key, owner, fence, CANCELLED)
  if not r then return answer end
  local expired_at = r[EXPIRES_AT]
  finish(key, r, CANCELLED, keep, follow_ups)
  set_extra(r, 'error', { 'JOB_CANCELLED', by })
  save(key, r, expired_at)
  return { 'settled', CANCELLED }
end
`;
