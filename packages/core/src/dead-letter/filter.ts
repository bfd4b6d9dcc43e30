import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { type Duration, toMs } from "../runtime/duration.ts";
import type { LetterFilter } from "./letter-box.ts";
import { type DeadReason, deadReasons } from "./reason.ts";

/** Which dead letters. Every field narrows. */
export interface DeadLetterFilter {
  readonly type?: string | undefined;
  /** For the operator's view; on `semel.forTenant(id)` it is that tenant anyway. */
  readonly tenant?: string | undefined;
  readonly reason?: DeadReason | readonly DeadReason[] | undefined;
  /** As `groups()` names them. */
  readonly group?: string | undefined;
  /** By the time of death. */
  readonly newerThan?: Duration | undefined;
  readonly olderThan?: Duration | undefined;
}

const fields: readonly (keyof DeadLetterFilter)[] = ["type", "tenant", "reason", "group", "newerThan", "olderThan"];

/**
 * A filter as the letter box takes it: ages become instants, counted from `now`.
 * @param own the tenant whose view it is, if it is one's.
 * @param others names of options that stand beside the filter's own fields.
 * @throws `OPTION_INVALID`: a misspelt field must not widen what is purged or brought back.
 */
export function narrowed(
  filter: DeadLetterFilter,
  now: EpochMs,
  own: string | undefined,
  others: readonly string[] = [],
): LetterFilter {
  knownOnly(filter, [...fields, ...others], "deadLetters filter");
  const { type, tenant = own, reason, group, newerThan, olderThan } = filter;
  if (own !== undefined && tenant !== own)
    throw new OptionInvalidError("deadLetters filter.tenant", "none: this is one tenant's own view", tenant);
  const reasons = reason === undefined ? undefined : typeof reason === "string" ? [reason] : reason;
  const unknown = reasons?.find((one) => !deadReasons.includes(one));
  if (unknown !== undefined)
    throw new OptionInvalidError("deadLetters filter.reason", `one of ${deadReasons.join(", ")}`, unknown);
  return {
    type,
    tenant,
    group,
    reasons,
    diedAfter: newerThan === undefined ? undefined : now - toMs(newerThan, "newerThan"),
    // A millisecond more, so that "older than 0 s" takes what died just now.
    diedBefore: olderThan === undefined ? undefined : now - toMs(olderThan, "olderThan") + 1,
  };
}

/** Whether the filter asks for anything but everything. */
export const narrows = (filter: DeadLetterFilter): boolean => fields.some((field) => filter[field] !== undefined);
