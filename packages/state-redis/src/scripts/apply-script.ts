import { type Script, script } from "@semel/redis-connection";
import { attempting } from "./attempting.ts";
import { clock } from "./clock.ts";
import { dispatch, layout } from "./layout.ts";
import { operating } from "./operating.ts";
import { record } from "./record.ts";
import { reserving } from "./reserving.ts";
import { stepping } from "./stepping.ts";

/*
 * The guard's state machine once more, where it can be decided and written in one step. `decide` of @semel/core is its
 * reference, function by function under the same names; the conformance suite and the model hold the two together.
 */

/**
 * Applies operations in order. KEYS: the record of each operation. ARGV[1]: the operations, each with its verb and its
 * size in front, laid out as `requestLayout` says. Behind it what is opaque (results, envelopes, letters, values of
 * steps), to which operations refer by its place in ARGV. Answers `now` and then an array for each operation.
 *
 * What is beside a record has its key with a suffix, so it is in the same slot and under the same ACL pattern.
 */
export const applyScript: Script = script(/* lua */ `
${clock}
${layout}
local verbs = {}
${record}
${reserving}
${attempting}
${operating}
${stepping}
${dispatch}
local answers, requests, at = { now }, ARGV[1], 1
for place, key in ipairs(KEYS) do
  local verb, size
  verb, size, at = struct.unpack('>BI4', requests, at)
  answers[place + 1] = functions[verb](key, struct.unpack(layouts[verb], requests, at))
  at = at + size
end
return answers
`);

/** The records of KEYS, field by field, EXTRA as a row of its own; absent where there is none. */
export const readScript: Script = script(/* lua */ `
${clock}
${layout}
${record}
local records = {}
for place, key in ipairs(KEYS) do
  local r = load(key)
  if r then
    r[EXTRA] = {
      extra(r, 'cancelled_by') or false, extra(r, 'progress') or false, extra(r, 'error') or false,
      extra(r, 'history') or false, extra(r, 'reason') or false, extra(r, 'why') or false
    }
  end
  records[place] = r or false
end
return records
`);

/** What is kept in KEYS[2] beside the record KEYS[1], as long as that has not expired. */
export const besideScript: Script = script(/* lua */ `
${clock}
${layout}
${record}
return load(KEYS[1]) and redis.call('GET', KEYS[2])
`);
