/** The other ways to settle: `retry`, `die` and `giveUp`. */
export const ending: string = /* lua */ `
-- waiting: for children, as JSON. A parent looks after them many times: that must not push out what went wrong.
local function retry(key, owner, fence, counts, delay, code, message, waiting)
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
  if waiting == '' then remember(r, counts, code ~= '' and code or 'RELEASED', now) end
  set_extra(r, 'waiting', waiting ~= '' and waiting or nil)
  r[STATE], r[LEASE_UNTIL], r[NOT_BEFORE] = RETRYING, 0, now + delay
  if counts == 'attempt' then r[FAILURES] = r[FAILURES] + 1 end
  if counts == 'deferral' then r[DEFERRALS] = r[DEFERRALS] + 1 end
  if code ~= '' then set_extra(r, 'error', { code, message }) end
  r[EXPIRES_AT] = math.max(r[EXPIRES_AT], now + delay + PAST_LETTER)
  save(key, r, expired_at)
  return { 'settled', RETRYING }
end

local function die(key, owner, fence, reason, code, message, group, body, keep_letter, keep, follow_ups)
  local r, answer = settling(key, owner, fence, DEAD)
  if not r then return answer end
  local expired_at = r[EXPIRES_AT]
  finish(key, r, DEAD, math.max(keep, keep_letter + PAST_LETTER), follow_ups)
  r[EVER_DEAD] = 1
  set_extra(r, 'reason', reason)
  set_extra(r, 'unlisted', { group, keep_letter })
  if code ~= '' then set_extra(r, 'error', { code, message }) end
  save(key, r, expired_at)
  redis.call('HSET', key .. _LETTERS, r[ID], ARGV[body])
  -- An older letter of this work may have been promised more time than this one.
  if redis.call('PTTL', key .. _LETTERS) < r[EXPIRES_AT] - now then
    redis.call('PEXPIREAT', key .. _LETTERS, whole(r[EXPIRES_AT]))
  end
  return { 'settled', DEAD, unlisted(key, r) }
end

local function giveUp(key, owner, fence, by, keep, follow_ups)
  local r, answer = settling(key, owner, fence, CANCELLED)
  if not r then return answer end
  local expired_at = r[EXPIRES_AT]
  finish(key, r, CANCELLED, keep, follow_ups)
  set_extra(r, 'error', { 'JOB_CANCELLED', by })
  save(key, r, expired_at)
  return { 'settled', CANCELLED }
end
`;
