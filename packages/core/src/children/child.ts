import type { DeadReason } from "../dead-letter/reason.ts";
import type { AnyJob, ResultOf } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import type { FinalState } from "../job/state.ts";

/**
 * What it means for the parent that a child ended without completing: it died, was cancelled, expired, or its work stands
 * with another payload.
 * - `fail-parent`: the waiting is over. `children` throws `CHILDREN_FAILED`, which kills the parent unless it is caught.
 * - `continue`: the waiting is over. The parent goes on with what has ended by now; the others are `open`, and go on too.
 * - `ignore`: nothing. The others are waited for, and it is handed over as it ended.
 */
export type OnChildFailure = "fail-parent" | "continue" | "ignore";

export interface ChildrenOptions<J extends AnyJob = AnyJob> {
  /** For all children, or asked for each. Default: `"fail-parent"`. */
  readonly onFailure?: OnChildFailure | ((child: JobRequest<J>, index: number) => OnChildFailure) | undefined;
  /**
   * What becomes of children when the parent is dead or cancelled. `"leave"`: nothing, they are work of their own. `"cancel"`:
   * those that this parent has enqueued are cancelled when they would begin their next attempt; what runs, runs. Not for
   * children that other parents may wait for. Default: `"leave"`.
   */
  readonly onParentEnd?: "leave" | "cancel" | undefined;
}

/**
 * How a child stands where its parent goes on.
 * - `conflict`: its work stands with another payload, so it was never this child's.
 * - `expired`: its record is gone, by its time or because it was erased.
 * - `open`: it has not ended; the parent goes on without it, by the policy `continue`.
 */
export type ChildState = FinalState | "conflict" | "expired" | "open";

/** One child as its parent sees it, in the place of its request. The same on every later attempt of the parent. */
export interface Child<J extends AnyJob = AnyJob> {
  /** The place of its request. */
  readonly index: number;
  /** The job that did the work: this parent's, or one that stood for it already. `undefined` where it is not known. */
  readonly id: string | undefined;
  readonly state: ChildState;
  /** Of a dead one. */
  readonly reason: DeadReason | undefined;
  /** The last failure, or who cancelled it. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /**
   * The result of a completed child, as it was when the parent first saw it: a copy, which stays when the child's own record
   * has gone. Read when it is asked for, so as long as the attempt lasts.
   * @throws `JOB_DEAD`, `JOB_CANCELLED`, `CORRELATION_CONFLICT`, `JOB_NOT_FOUND`, `JOB_NOT_ENDED` for one that has not completed;
   * `RESULT_UNAVAILABLE` where the result could not be kept.
   */
  result(): Promise<ResultOf<J>>;
}
