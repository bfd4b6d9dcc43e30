import type { DeadReason } from "../dead-letter/reason.ts";
import type { JobRecord, Progress, Waiting } from "../idempotency/job-record.ts";
import type { JobStore } from "../idempotency/job-store.ts";
import type { AnyJob, ResultOf } from "../job/job.ts";
import type { JobState } from "../job/state.ts";
import { decodeValue } from "../job/value.ts";

/** `delayed`: pending, and not to start yet. `waiting-for-children`: retrying, because they have not ended. */
export type StatusState = JobState | "delayed" | "waiting-for-children";

/** How a job stands. After a redrive or a rerun an old id answers for the job that took its place, whose `id` it names. */
export interface JobStatus<J extends AnyJob = AnyJob> {
  readonly id: string;
  readonly type: J["type"];
  readonly tenant: string | undefined;
  readonly state: StatusState;
  /** The attempt under way, or the next one; of an ended job the last one. */
  readonly attempt: number;
  readonly crashes: number;
  readonly deferrals: number;
  /** How often the same work was enqueued again. */
  readonly duplicates: number;
  readonly progress: Progress | undefined;
  /** Of a job that waits for children, as of its latest look. */
  readonly children: Waiting | undefined;
  /** Of a completed job; `undefined` where it had none or it could not be kept. */
  readonly result: ResultOf<J> | undefined;
  readonly resultOmitted: string | undefined;
  /** The last failure. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Of a dead job. */
  readonly reason: DeadReason | undefined;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Of a job that waits for its time. */
  readonly nextAttemptAt: Date | undefined;
  readonly deadlineAt: Date;
}

const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

function viewOf({ state, notBefore, waiting }: JobRecord, now: number): StatusState {
  if (state === "pending" && notBefore > now) return "delayed";
  return state === "retrying" && waiting ? "waiting-for-children" : state;
}

export async function statusOf<J extends AnyJob>(
  store: JobStore,
  record: JobRecord,
  now: number,
): Promise<JobStatus<J>> {
  const completed = record.state === "completed";
  const stored = completed && record.result?.kind === "stored" ? await store.result(record.key) : undefined;
  const waits = record.state === "pending" || record.state === "retrying";
  return {
    id: record.id,
    type: record.type,
    tenant: record.tenant,
    state: viewOf(record, now),
    // An ended job's last attempt is not counted as failed in its record.
    attempt: record.failures + 1,
    crashes: record.crashes,
    deferrals: record.deferrals,
    duplicates: record.duplicates,
    progress: record.progress,
    children: record.waiting,
    result: stored === undefined ? undefined : decodeValue<ResultOf<J>>(stored),
    resultOmitted: record.result?.kind === "omitted" ? record.result.why : undefined,
    error: record.error,
    reason: record.reason,
    createdAt: new Date(record.createdAt),
    startedAt: date(record.startedAt),
    finishedAt: date(record.finishedAt),
    nextAttemptAt: waits && record.notBefore > now ? new Date(record.notBefore) : undefined,
    deadlineAt: new Date(record.deadlineAt),
  };
}
