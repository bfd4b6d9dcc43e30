/**
 * Every code a {@link SemelError} can carry: the documented contract (messages may change, codes do not). Each has a
 * heading in `docs/errors.md` that says what it means and what to do; a test holds the two together.
 */
export const errorCodes = [
  "OPTION_INVALID",
  "PAYLOAD_INVALID",
  "PAYLOAD_NOT_JSON",
  "PAYLOAD_TOO_LARGE",
  "CORRELATION_MISSING",
  "CORRELATION_CONFLICT",
  "TENANT_INVALID",
  "QUEUE_UNAVAILABLE",
  "STORE_UNAVAILABLE",
  "JOB_NOT_FOUND",
  "JOB_NOT_ENDED",
  "JOB_SUPERSEDED",
  "PAYLOAD_NOT_KEPT",
  "JOB_DEAD",
  "JOB_CANCELLED",
  "RESULT_TIMEOUT",
  "RESULT_INVALID",
  "RESULT_UNAVAILABLE",
  "ENVELOPE_INVALID",
  "OUTCOME_NOT_RETURNED",
  "STEP_NAME_REPEATED",
  "STEP_NOT_AWAITED",
  "STEP_CONFLICT",
  "STEP_VALUE_UNSTORABLE",
  "UNCERTAIN_EFFECT",
  "ATTEMPT_OVER",
  "TIMEOUT",
  "CRASH_LOOP",
  "DEADLINE_PASSED",
  "DEFERRAL_BUDGET_SPENT",
  "NON_RETRYABLE",
  "RETRY_AFTER",
  "DEFERRED",
  "PROCESSOR_FAILED",
  "CLOSED",
  "BACKEND_UNSAFE",
  "DIRECTORY_LOCKED",
  "CLOCK_SKEW",
  "STEP_VALUE_TOO_LARGE",
  "LEASE_LOST",
] as const;

/** The stable name of a failure. */
export type ErrorCode = (typeof errorCodes)[number];
