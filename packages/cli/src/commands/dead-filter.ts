import { type DeadLetterFilter, type DeadReason, deadReasons } from "@semel/core";
import { usage } from "../complaint.ts";
import { asDuration } from "../target/target.ts";

/** The options by which letters are picked. */
export interface FilterOptions {
  readonly type?: string | undefined;
  readonly tenant?: string | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly group?: string | undefined;
  readonly newerThan?: string | undefined;
  readonly olderThan?: string | undefined;
}

export function filterOf({ type, tenant, reason, group, newerThan, olderThan }: FilterOptions): DeadLetterFilter {
  return {
    type,
    tenant,
    group,
    reason: reason?.map(reasonOf),
    newerThan: newerThan === undefined ? undefined : asDuration("--newer-than", newerThan),
    olderThan: olderThan === undefined ? undefined : asDuration("--older-than", olderThan),
  };
}

export const isEmpty = (filter: DeadLetterFilter): boolean =>
  Object.values(filter).every((value) => value === undefined);

function reasonOf(text: string): DeadReason {
  const reason = deadReasons.find((one) => one === text.toUpperCase().replaceAll("-", "_"));
  if (!reason) throw usage(`--reason: expected one of ${deadReasons.join(", ")}, got ${JSON.stringify(text)}`);
  return reason;
}
