import { because, maySucceedLater } from "./reason.ts";
import { SemelError } from "./semel-error.ts";

/**
 * The queue or the store behind it did not do what was asked in time. `QUEUE_UNAVAILABLE`; retryable, unless the cause is one
 * that the same call meets again: a wrong password, a missing permission, a defect of a program. The message ends with it.
 *
 * `outcome: "refused"`: nothing was enqueued. `outcome: "unknown"`: it may or may not have been; enqueue again with
 * `{ id }` of this error and it is enqueued at most once.
 */
export class QueueUnavailableError extends SemelError {
  readonly outcome: "refused" | "unknown";
  /** Give it back as `enqueue(job, payload, { id })`. */
  readonly id: string;

  constructor(outcome: "refused" | "unknown", id: string, options: ErrorOptions) {
    const known =
      outcome === "refused"
        ? "nothing was enqueued"
        : `whether it was enqueued is unknown; enqueuing again with { id: "${id}" } is safe`;
    super("QUEUE_UNAVAILABLE", `the queue, or the store beside it, is unavailable; ${known}${because(options.cause)}`, {
      ...options,
      isRetryable: maySucceedLater(options.cause),
      details: { outcome, id },
    });
    this.outcome = outcome;
    this.id = id;
  }
}

/** A question (status, find, cancel, counts …) was not answered in time. `STORE_UNAVAILABLE`; retryable as above. */
export class StoreUnavailableError extends SemelError {
  constructor(what: string, options: ErrorOptions) {
    super("STORE_UNAVAILABLE", `the store, or the queue beside it, did not answer (${what})${because(options.cause)}`, {
      ...options,
      isRetryable: maySucceedLater(options.cause),
    });
  }
}
