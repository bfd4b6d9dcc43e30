/** `reserve` and `unreserve`: may a new job stand for its correlation? */
export const reserving: string = /* lua */ `
local function is_overdue(r)
  if ended(r) or now - r[HEALED_AT] < OVERDUE then return false end
  return now - (r[STATE] == RUNNING and r[LEASE_UNTIL] or r[NOT_BEFORE]) >= OVERDUE
end

-- Whether a new enqueue takes the place of what stands: 'keep' its steps, 'fresh' as a new generation, or not at all.
local function runs_again(r, id, differs, on_dead, on_completed, force)
  -- A re-send never starts a second run; follow-ups that are not known to be enqueued are seen to by the old delivery.
  if r[ID] == id or r[FOLLOW_UPS] == 1 then return nil end
  local kept = (force or differs) and 'fresh' or 'keep'
  if r[STATE] == CANCELLED then return kept end
  if r[STATE] == DEAD then return (force or on_dead) and kept or nil end
  if r[STATE] ~= COMPLETED then return nil end
  local is_over = r[REPLAY_UNTIL] > 0 and r[REPLAY_UNTIL] <= now
  return (is_over or force or on_completed) and 'fresh' or nil
end

local function reserve(key, id, fingerprint, kind, version, delay, deadline, on_dead, on_completed, force)
  local r, before = load(key)
  if not r then
    if before then clear(key, true) end
    save(key, introduce(before, id, fingerprint, kind, version, delay, deadline))
    return { 'created', now }
  end
  -- Payloads of two versions cannot be compared here, and a deployment alone must not make conflicts.
  local differs = version == r[VERSION] and fingerprint ~= r[FINGERPRINT]
  if r[STATE] == PENDING and r[ID] == id and not differs then return { 'created', r[CREATED_AT] } end

  local again = runs_again(r, id, differs, on_dead == 1, on_completed == 1, force == 1)
  if again then
    local fresh = introduce(r, id, fingerprint, kind, version, delay, deadline)
    fresh[GENERATION] = r[GENERATION] + (again == 'fresh' and 1 or 0)
    fresh[EVER_DEAD] = r[EVER_DEAD]
    local letter = unlisted(key, r)
    replacing(r, fresh)
    save(key, fresh, r[EXPIRES_AT])
    return { 'created', now, letter }
  end

  local overdue = is_overdue(r)
  if differs then return { 'conflict', r[ID], r[STATE], r[FINGERPRINT], overdue } end
  r[DUPLICATES] = r[DUPLICATES] + 1
  if overdue then r[HEALED_AT] = now end
  save(key, r, r[EXPIRES_AT])
  if r[STATE] == COMPLETED then
    local finished_at = r[FINISHED_AT] > 0 and r[FINISHED_AT] or now
    return { 'replayed', r[ID], finished_at, r[RESULT], extra(r, 'why') or '', result_of(key, r) }
  end
  return { 'duplicate', r[ID], r[STATE], overdue }
end

local function unreserve(key, id)
  local r = load(key)
  if not r or r[ID] ~= id then return { 'gone' } end
  -- Once claimed, however briefly, it was in the queue after all; and others may have been told that it does their work.
  if r[STATE] ~= PENDING or r[STARTED_AT] > 0 or r[DUPLICATES] > 0 then return { 'kept' } end
  local replaced = extra(r, 'replaced')
  if replaced then save(key, unpacked(replaced), r[EXPIRES_AT])
  else
    redis.call('DEL', key)
    clear(key, true)
  end
  return { 'gone' }
end
`;
