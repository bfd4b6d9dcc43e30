import type { EpochMs } from "../../runtime/clock.ts";
import type { JobRecord, StepRecord } from "../job-record.ts";
import type * as Op from "../operations.ts";

/** What a store loads for one operation. */
export interface Loaded {
  readonly record: JobRecord | undefined;
  /** The step the operation names, for `step-begin` and `step-end`. */
  readonly step?: StepRecord | undefined;
}

/** What a store has to write, all of it or nothing. An absent field is left as it is. */
export interface Writes {
  /** `null` removes it, with its steps, result, envelope and follow-ups. */
  readonly record: JobRecord | null;
  readonly step?: { readonly name: string; readonly record: StepRecord | null };
  /** Every step of the record goes. */
  readonly clearSteps?: true;
  readonly result?: string | null;
  readonly envelope?: string | null;
  readonly followUps?: string | null;
  readonly letter?: Op.NewLetter;
}

export interface Decision<O extends Op.Operation> {
  /** `result` and `followUps` of an answer are filled in by the store, from beside the record. */
  readonly answer: Op.AnswerTo<O>;
  readonly writes?: Writes;
}

/** An ended record outlives its deadline by an hour: a delivery that comes back until then must not run again. */
export const pastDeadlineMs = 3_600_000;
/** A dead record outlives its letter by a day, so that an old letter cannot run finished work again. */
export const pastLetterMs = 86_400_000;

/** A record as its job is introduced. `before` is what stood there, expired or ended: its fence must not be given out again. */
export function introduce(
  job: Op.Introduction & { readonly key: string },
  now: EpochMs,
  before: JobRecord | undefined,
): JobRecord {
  const notBefore = now + job.delayMs;
  return {
    format: 1,
    key: job.key,
    id: job.id,
    type: job.type,
    lane: job.lane,
    tenant: job.tenant,
    state: "pending",
    fingerprint: job.fingerprint ?? "",
    version: job.version,
    generation: 0,
    fence: before?.fence ?? 0,
    failures: 0,
    crashes: 0,
    deferrals: 0,
    duplicates: 0,
    createdAt: now,
    notBefore,
    deadlineAt: notBefore + job.deadlineMs,
    // Pending work is never forgotten before it is certainly over.
    expiresAt: notBefore + job.deadlineMs + 7 * pastLetterMs,
  };
}

/** As a record stands when it is cancelled at this instant. */
export const cancelledNow = (record: JobRecord, by: string, keepMs: number, now: EpochMs): JobRecord => ({
  ...record,
  state: "cancelled",
  leaseUntil: undefined,
  cancelRequested: undefined,
  finishedAt: now,
  // Its delivery may still be waiting in a long line, so it is never forgotten sooner than it would have been.
  expiresAt: Math.max(record.expiresAt, now + keepMs),
  error: { code: "JOB_CANCELLED", message: by },
});

/** The lease is this owner's under this fence. An expired lease still is, until somebody else claims. */
export const held = (op: { owner: string; fence: number }, record: JobRecord | undefined): JobRecord | undefined =>
  record?.state === "running" && record.owner === op.owner && record.fence === op.fence ? record : undefined;

export const lost = (record: JobRecord | undefined): Op.Lost => ({
  is: "lost",
  state: record?.state ?? "absent",
  fence: record?.fence ?? 0,
});

/** With its lease counted from now. */
export const leased = (record: JobRecord, leaseMs: number, now: EpochMs): JobRecord => ({
  ...record,
  leaseUntil: now + leaseMs,
  expiresAt: Math.max(record.expiresAt, now + leaseMs + pastLetterMs),
});

type Leftovers = Pick<Writes, "result" | "envelope" | "followUps" | "clearSteps">;

/** What a new run clears away of the old one, apart from its steps. */
export const noRestButSteps: Leftovers = { result: null, envelope: null, followUps: null };
/** All of it. */
export const noRest: Leftovers = { result: null, envelope: null, followUps: null, clearSteps: true };
