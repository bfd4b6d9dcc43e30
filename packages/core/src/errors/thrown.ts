import type { Duration } from "../runtime/duration.ts";
import { toMs } from "../runtime/duration.ts";
import { SemelError } from "./semel-error.ts";

/**
 * Throw it from a processor when doing the same again cannot help: the job is dead-lettered at once, with reason
 * `NON_RETRYABLE`, whatever attempts are left.
 */
export class NonRetryableError extends SemelError {
  constructor(message: string, options?: ErrorOptions) {
    super("NON_RETRYABLE", message, { ...options, isRetryable: false });
  }
}

/**
 * Throw it when a server said how long to wait. The attempt counts; the next one starts no earlier than `after`
 * (a duration from now, or an instant), plus up to 10 % of jitter.
 */
export class RetryAfterError extends SemelError {
  constructor(after: Duration | Date, message?: string, options?: ErrorOptions) {
    const retryAfterMs = fromNow(after, "RetryAfterError");
    super("RETRY_AFTER", message ?? `asked to retry after ${Math.round(retryAfterMs)} ms`, {
      ...options,
      isRetryable: true,
      retryAfterMs,
    });
  }
}

/**
 * Throw it when nothing was done and it is not this job's fault: a rate limit, an open breaker. No attempt is
 * burned; the job comes back at `until`. Bounded by the job's deadline and 1,000 deferrals.
 */
export class DeferError extends SemelError {
  constructor(reason: string, until: Duration | Date, options?: ErrorOptions) {
    const retryAfterMs = fromNow(until, "DeferError");
    super("DEFERRED", reason, { ...options, isRetryable: true, failureClass: "defer", retryAfterMs });
  }
}

/** Milliseconds from now; an instant that has passed is now. */
export function fromNow(when: Duration | Date, option: string, now: number = Date.now()): number {
  return when instanceof Date ? Math.max(0, when.getTime() - now) : toMs(when, option);
}
