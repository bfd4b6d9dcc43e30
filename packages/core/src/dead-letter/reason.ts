/** Why a job was set aside. `docs/errors.md` says for each what to do. */
export const deadReasons = [
  /** Every attempt failed. */
  "ATTEMPTS_EXHAUSTED",
  /** The processor, or the classification of its failure, said that trying again cannot help. */
  "NON_RETRYABLE",
  /** The payload does not fit the schema of the worker: old data, or another writer. */
  "INVALID_PAYLOAD",
  /** The envelope cannot be read at all. */
  "INVALID_ENVELOPE",
  /** Its worker died more often than `maxCrashes` while running it. */
  "CRASH_LOOP",
  /** A step may or may not have had its effect, and its policy is to ask a human. */
  "UNCERTAIN_EFFECT",
  /** The job's deadline was over before it completed. */
  "DEADLINE",
  /** It was deferred more often than allowed. */
  "DEFERRAL_BUDGET",
  /** The delivery carries another payload than the one that was enqueued under its id. */
  "CONFLICT",
  /** The processor returned `deadLetter(…)`. */
  "REJECTED",
  /** A child failed whose policy is `fail-parent`. */
  "CHILDREN_FAILED",
] as const;

export type DeadReason = (typeof deadReasons)[number];
