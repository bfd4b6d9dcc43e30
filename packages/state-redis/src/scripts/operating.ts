/** What is asked from outside: `cancel`, `redrive`; and two notes that something is done. */
export const operating: string = /* lua */ `
local function cancel(key, id, by, keep)
  local r = load(key)
  if not r or r[ID] ~= id then return { 'unknown' } end
  if ended(r) then return { 'finished', r[STATE] } end
  local expired_at = r[EXPIRES_AT]
  local running = r[STATE] == RUNNING
  if running then set_extra(r, 'cancelled_by', by) else cancelled_now(r, by, keep) end
  save(key, r, expired_at)
  return { running and 'requested' or 'cancelled' }
end

local function redrive(key, id, new_id, fresh, deadline)
  local r = load(key)
  if not r then return { 'unknown' } end
  -- Follow-up jobs that are not known to be enqueued are seen to by the delivery of the old id.
  local may = r[FOLLOW_UPS] == 0 and ended(r) and r[ID] == id and (r[STATE] == DEAD or fresh == 1)
  if not may then return { 'already', r[ID], r[STATE] } end
  local again = introduce(r, new_id, r[FINGERPRINT], r[KIND], r[VERSION], 0, deadline)
  again[GENERATION], again[EVER_DEAD], again[REDRIVES] = r[GENERATION] + fresh, r[EVER_DEAD], r[REDRIVES] + 1
  local letter = unlisted(key, r)
  replacing(r, again)
  save(key, again, r[EXPIRES_AT])
  return { 'redriven', letter }
end

local function followUpsSent(key, id)
  local r = load(key)
  if r and r[FOLLOW_UPS] == 1 and r[ID] == id then
    r[FOLLOW_UPS] = 0
    save(key, r, r[EXPIRES_AT])
    redis.call('DEL', key .. _FOLLOW_UPS)
  end
  return { 'noted' }
end

-- The letter of this job is in the index. Whether it is still there, or has been erased meanwhile.
local function listed(key, id)
  local r = load(key)
  if r and r[ID] == id and extra(r, 'unlisted') then
    set_extra(r, 'unlisted', nil)
    save(key, r, r[EXPIRES_AT])
  end
  return { has_letter(key, id) and 'noted' or 'gone' }
end
`;
