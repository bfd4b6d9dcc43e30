import type { GuardKey, JobRecord } from "@semel/core/adapter";
import { by, historyOf, kindFrom, resultKind, text } from "./replies.ts";
import { type RecordField, recordFields, states } from "./scripts/layout.ts";
import { fullId } from "./stored-id.ts";
import { fromText } from "./text.ts";

const place = Object.fromEntries(recordFields.map((name, index) => [name, index])) as Record<RecordField, number>;

/** A record as the script reads it out. The work it replaced stays inside the store: only `unreserve` needs it. */
export function recordOf(key: GuardKey, fields: readonly unknown[]): JobRecord {
  const number = (name: RecordField): number => fields[place[name]] as number;
  const words = (name: RecordField): string => fromText(String(fields[place[name]]));
  /** An instant or a count; 0 is none. */
  const some = (name: RecordField): number | undefined => number(name) || undefined;
  const flag = (name: RecordField): true | undefined => (number(name) === 1 ? true : undefined);
  const extra = fields[recordFields.length] as readonly unknown[];
  const [cancelledBy, progress, error, history, reason, why, waiting] = extra;
  const [code = "", message = ""] = (error ?? []) as readonly string[];
  return {
    format: 1,
    key,
    id: fullId(key, words("ID")),
    ...kindFrom(String(fields[place.KIND])),
    state: states[number("STATE") - 1] as JobRecord["state"],
    fingerprint: words("FINGERPRINT"),
    version: number("VERSION"),
    generation: number("GENERATION"),
    fence: number("FENCE"),
    owner: words("OWNER") || undefined,
    leaseUntil: some("LEASE_UNTIL"),
    failures: number("FAILURES"),
    crashes: number("CRASHES"),
    deferrals: number("DEFERRALS"),
    duplicates: number("DUPLICATES"),
    createdAt: number("CREATED_AT"),
    notBefore: number("NOT_BEFORE"),
    deadlineAt: number("DEADLINE_AT"),
    startedAt: some("STARTED_AT"),
    claimedAt: some("CLAIMED_AT"),
    finishedAt: some("FINISHED_AT"),
    replayUntil: some("REPLAY_UNTIL"),
    expiresAt: number("EXPIRES_AT"),
    healedAt: some("HEALED_AT"),
    cancelRequested: by(cancelledBy),
    progress: progress ? JSON.parse(fromText(String(progress))) : undefined,
    waiting: waiting ? JSON.parse(String(waiting)) : undefined,
    error: error ? { code: fromText(code), message: fromText(message) } : undefined,
    history: history ? historyOf(history) : undefined,
    reason: text(reason) as JobRecord["reason"],
    result: resultKind(number("RESULT"), why),
    hasFollowUps: flag("FOLLOW_UPS"),
    everDead: flag("EVER_DEAD"),
    recovered: flag("RECOVERED"),
    redrives: some("REDRIVES"),
  };
}
