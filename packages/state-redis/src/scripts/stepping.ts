/** `stepBegin`, `stepEnd` and `stepDecide`: may an effect happen, and did it? */
export const stepping: string = /* lua */ `
local function load_step(key, name)
  local value = redis.call('HGET', key .. _STEPS, name)
  if not value then return nil end
  local step = { struct.unpack(STEP, value) }
  step[STEP_VALUE] = string.sub(value, step[STEP_VALUE])
  return step
end

local function save_step(key, name, step, expires_at)
  local value = struct.pack(STEP, unpack(step, 1, STEP_FIELDS)) .. step[STEP_VALUE]
  local is_new = redis.call('HSET', key .. _STEPS, name, value) == 1
  if is_new then redis.call('PEXPIREAT', key .. _STEPS, whole(expires_at)) end
end

local function stepBegin(key, owner, fence, name, input, ask, lease)
  local r = load(key)
  if not holds(r, owner, fence) then return lost(r) end
  local expired_at = r[EXPIRES_AT]
  extend(r, lease)
  r[STEPS] = 1
  save(key, r, expired_at)
  local step = load_step(key, name)
  if step and step[STEP_GENERATION] ~= r[GENERATION] then step = nil end
  if step and step[STEP_INPUT] ~= input then return { 'input-differs' } end
  if step and step[STEP_DONE] == 1 then return { 'memo', step[STEP_VALUE] } end
  local uncertain = step and step[STEP_FENCE] ~= fence
  if uncertain and ask == 1 then return { 'uncertain', step[STEP_STARTED_AT] } end
  local repeated = (uncertain or step and step[STEP_REPEATED] == 1) and 1 or 0
  save_step(key, name, { r[GENERATION], fence, repeated, 0, now, owner, input, '' }, r[EXPIRES_AT])
  return { 'run', repeated }
end

-- value: none where the effect certainly did not happen.
local function note_step(key, name, step, value, expires_at)
  if value == 0 then redis.call('HDEL', key .. _STEPS, name)
  else
    step[STEP_DONE], step[STEP_VALUE] = 1, ARGV[value]
    save_step(key, name, step, expires_at)
  end
  return { 'recorded' }
end

-- Judged by the step's own intent, not by the lease.
local function stepEnd(key, owner, fence, name, value)
  local r = load(key)
  local step = r and load_step(key, name)
  if not r or (step and step[STEP_GENERATION] ~= r[GENERATION]) then return { 'stale' } end
  -- Nothing to undo: sent twice, or never begun.
  if not step then return { value == 0 and 'recorded' or 'stale' } end
  if step[STEP_DONE] == 1 then
    local own = step[STEP_FENCE] == fence and value ~= 0 and ARGV[value] == step[STEP_VALUE]
    return own and { 'recorded' } or { 'already', step[STEP_VALUE] }
  end
  if step[STEP_FENCE] ~= fence or step[STEP_OWNER] ~= owner then return { 'stale' } end
  return note_step(key, name, step, value, r[EXPIRES_AT])
end

-- By somebody who found out, while the job was set aside for it.
local function stepDecide(key, id, name, value)
  local r = load(key)
  if not r or r[ID] ~= id or r[STATE] ~= DEAD then return { 'stale' } end
  local step = load_step(key, name)
  if not step or step[STEP_GENERATION] ~= r[GENERATION] then return { value == 0 and 'recorded' or 'stale' } end
  if step[STEP_DONE] == 1 then
    local same = value ~= 0 and ARGV[value] == step[STEP_VALUE]
    return same and { 'recorded' } or { 'already', step[STEP_VALUE] }
  end
  return note_step(key, name, step, value, r[EXPIRES_AT])
end
`;
