import type { Duration } from "../runtime/duration.ts";
import type { AnyJob, ResultOf } from "./job.ts";
import type { JobState } from "./state.ts";

export interface ResultOptions {
  /** Give up waiting after this long; the job goes on. Default: `"5m"`. */
  readonly timeout?: Duration | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Your work is, or will be, done:
 * - `created`: by this job.
 * - `duplicate`: by a job that stands for the same work already and has not completed.
 * - `replayed`: it was done before; `value` is the stored result, `undefined` if it had none or could not be kept.
 */
export type Enqueued<J extends AnyJob = AnyJob> = {
  /** The id of the job that does, or did, the work. */
  readonly id: string;
  /**
   * Waits for the result. Looks at the store, so it works across processes and restarts.
   * @throws `JOB_DEAD`, `JOB_CANCELLED`, `RESULT_TIMEOUT`, `RESULT_UNAVAILABLE` (completed, but its result could not be kept),
   * `JOB_SUPERSEDED` (another job has taken its place since), `JOB_NOT_FOUND` (the store does not know it any more: expired, erased, or lost).
   */
  result(options?: ResultOptions): Promise<ResultOf<J>>;
} & (
  | { readonly outcome: "created" }
  | { readonly outcome: "duplicate"; readonly state: JobState }
  | { readonly outcome: "replayed"; readonly value: ResultOf<J> | undefined; readonly finishedAt: Date }
);
