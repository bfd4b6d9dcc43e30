/** `claim`: may this delivery run? */
export const claiming: string = /* lua */ `
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
local function claim(key, id, owner, fingerprint, version, max_crashes, lease, kind, delay, deadline)
  local r, before = load(key)
  local found = r
  if not r then
    if kind == '' then return { 'absent' } end
    r = introduce(before, id, fingerprint, kind, version, delay, deadline)
  end
  if r[ID] ~= id then return { 'superseded', r[ID] } end
  if ended(r) then
    local follow_ups = r[FOLLOW_UPS] == 1 and redis.call('GET', key .. _FOLLOW_UPS)
    return { 'finished', r[STATE], follow_ups, unlisted(key, r) }
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
    local is_fresh = unpacked(replaced)[GENERATION] ~= r[GENERATION]
    clear(key, is_fresh)
    if is_fresh then r[STEPS] = 0 end
    set_extra(r, 'replaced', nil)
  end
  r[STATE], r[OWNER], r[FENCE] = RUNNING, owner, math.max(r[FENCE] + 1, now * 1000)
  if r[STARTED_AT] == 0 then r[STARTED_AT] = now end
  r[CLAIMED_AT], r[RECOVERED] = now, running and 1 or 0
  extend(r, lease)
  save(key, r, expired_at)
  return acquired(r, fingerprint, version, max_crashes)
end
`;
