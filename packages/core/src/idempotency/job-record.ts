import type { DeadReason } from "../dead-letter/reason.ts";
import type { Fingerprint, GuardKey, JobId } from "../job/identity.ts";
import type { JobState } from "../job/state.ts";
import type { EpochMs } from "../runtime/clock.ts";

/**
 * One record per guard key: what stands for this correlation, and how far it got. It is the guard, the status, the
 * request to cancel and the progress at once. All instants are the store's own clock. Results, steps, follow-ups and
 * letters are kept beside it, so that it stays small.
 */
export interface JobRecord {
  /** Version of this shape. */
  readonly format: 1;
  readonly key: GuardKey;
  /** The job that stands for the correlation now. */
  readonly id: JobId;
  readonly type: string;
  /** The line of the queue it waits in. */
  readonly lane: string;
  readonly tenant?: string | undefined;
  readonly state: JobState;
  readonly fingerprint: Fingerprint;
  /** Version of the job's payload. */
  readonly version: number;
  /** 0; raised by a run from scratch. Steps and effect keys belong to one generation. */
  readonly generation: number;
  /** Grows with every claim, also across the expiry of the record: `max(previous + 1, server time in µs)`. */
  readonly fence: number;
  readonly owner?: string | undefined;
  readonly leaseUntil?: EpochMs | undefined;
  /** Attempts that failed. The attempt under way, or next, is `failures + 1`. */
  readonly failures: number;
  /** Claims that found the lease of a dead worker. */
  readonly crashes: number;
  readonly deferrals: number;
  /** How often the same work was enqueued again. */
  readonly duplicates: number;
  readonly createdAt: EpochMs;
  /** Earliest start of the next attempt. */
  readonly notBefore: EpochMs;
  readonly deadlineAt: EpochMs;
  /** First claim. */
  readonly startedAt?: EpochMs | undefined;
  /** Latest claim. */
  readonly claimedAt?: EpochMs | undefined;
  readonly finishedAt?: EpochMs | undefined;
  /** Of a completed job: as long as it answers for the same work. The record itself may have to stay longer. */
  readonly replayUntil?: EpochMs | undefined;
  /** From then on the record counts as absent. */
  readonly expiresAt: EpochMs;
  /** When a lost delivery was last looked for; see `reserve`. */
  readonly healedAt?: EpochMs | undefined;
  readonly cancelRequested?: { readonly by: string } | undefined;
  readonly progress?: Progress | undefined;
  /** It waits for its children, or did when it was last put back; gone once it has ended. */
  readonly waiting?: Waiting | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** How its last runs ended, the latest last, at most {@link keptAttempts}. */
  readonly history?: readonly PastAttempt[] | undefined;
  readonly reason?: DeadReason | undefined;
  readonly result?: ResultKind | undefined;
  /** Follow-up jobs were settled with this one and are not known to be enqueued yet. */
  readonly hasFollowUps?: boolean | undefined;
  /** It was dead once: its record outlives every copy of its letter. */
  readonly everDead?: boolean | undefined;
  /** The latest claim took over from a worker that died or went silent. */
  readonly recovered?: boolean | undefined;
  /** The ended work whose place it took, until it is claimed: what is refused by the queue gives the place back. */
  readonly replaced?: JobRecord | undefined;
  /** How often an operator brought it back. */
  readonly redrives?: number | undefined;
}

/** How many past attempts a record remembers. */
export const keptAttempts = 5;

/** One run that did not end the job. */
export interface PastAttempt {
  readonly attempt: number;
  /** What it was counted as; a crash is noticed by the next claim. */
  readonly as: "attempt" | "deferral" | "nothing" | "crash";
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly code: string;
  /** The worker that ran it. */
  readonly worker: string;
}

export interface Progress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly note?: string | undefined;
}

/** How far the children are for whom a job waits. Each piece of work counts once, however often it was asked for. */
export interface Waiting {
  readonly total: number;
  /** Of the total, one way or another. */
  readonly ended: number;
  /** Of those that have ended: without completing. */
  readonly failed: number;
}

/** `omitted`: the job completed, but its result could not be kept (`why`); it is not run again for that. */
export type ResultKind = { readonly kind: "stored" } | { readonly kind: "omitted"; readonly why: string };

/** A memoised step: begun under a fence, and once `value` is there, done. */
export interface StepRecord {
  readonly generation: number;
  readonly fence: number;
  readonly owner: string;
  readonly input?: string | undefined;
  readonly value?: string | undefined;
  /** An earlier worker began it and never said how it ended. */
  readonly repeated?: boolean | undefined;
  readonly startedAt: EpochMs;
}
