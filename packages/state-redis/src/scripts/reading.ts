import type { Script } from "@semel/redis-connection";
import { clock } from "./clock.ts";
import { compose } from "./compose.ts";
import { record } from "./record.ts";

/** The records of KEYS, field by field, EXTRA as a row of its own; absent where there is none. */
export const readScript: Script = compose(
  clock,
  record,
  /* lua */ `
local records = {}
for place, key in ipairs(KEYS) do
  local r = load(key)
  if r then
    r[EXTRA] = {
      extra(r, 'cancelled_by') or false, extra(r, 'progress') or false, extra(r, 'error') or false,
      extra(r, 'history') or false, extra(r, 'reason') or false, extra(r, 'why') or false,
      extra(r, 'waiting') or false
    }
  end
  records[place] = r or false
end
return records
`,
);

/** What is kept in KEYS[2] beside the record KEYS[1], as long as that has not expired. */
export const besideScript: Script = compose(clock, record, "return load(KEYS[1]) and redis.call('GET', KEYS[2])");

/** The result of the record KEYS[1]: within it or beside it. */
export const resultScript: Script = compose(
  clock,
  record,
  "local r = load(KEYS[1]) return r and result_of(KEYS[1], r)",
);
