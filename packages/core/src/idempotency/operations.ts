import type { DeadReason } from "../dead-letter/reason.ts";
import type { Fingerprint, GuardKey, JobId } from "../job/identity.ts";
import type { FinalState, JobState } from "../job/state.ts";
import type { StoredValue } from "../job/value.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { JobRecord, PastAttempt, Progress, ResultKind, Waiting } from "./job-record.ts";

/*
 * What can be asked of a record. Each operation is atomic, takes constant time, answers every expected case as a
 * value, and may be sent twice: after a broken connection the outcome of a command is unknown, and clients re-send.
 * Times are relative (`…Ms`) wherever they can be, because only the store's clock counts.
 */

interface At {
  readonly key: GuardKey;
}
/** By whoever holds the lease. Refused (`lost`) for any other owner or an older fence. */
interface Held extends At {
  readonly owner: string;
  readonly fence: number;
}

/** A job as it is introduced to the store: by `reserve`, or by `claim` where its record has expired meanwhile. */
export interface Introduction {
  readonly id: JobId;
  readonly type: string;
  readonly lane: string;
  readonly tenant: string | undefined;
  /** Absent when the envelope could not be read: nothing is compared then. */
  readonly fingerprint: Fingerprint | undefined;
  readonly version: number;
  /** First start, at the earliest this long from now. */
  readonly delayMs: number;
  /** Age at which the job is given up, counted from when it may first start. At a claim: what is left of it. */
  readonly deadlineMs: number;
}

/** Before the job is given to the queue: may it stand for its correlation? */
export interface Reserve extends At, Introduction {
  readonly op: "reserve";
  /** What a new enqueue of dead work does: take its place (finished steps are kept), or be a duplicate of it. */
  readonly onDead: "rerun" | "keep";
  /** What a new enqueue of completed work does: answer with its result, or run again as a new generation. */
  readonly onCompleted: "replay" | "rerun";
  /** Run again as a new generation whatever ended before; work that has not ended is a duplicate all the same. */
  readonly force: boolean;
}
export type Reserved =
  | { readonly is: "created"; readonly createdAt: EpochMs }
  /** Alive under `id`. `overdue`: its delivery should have come long ago; whoever is told (one a minute) adds it again. */
  | { readonly is: "duplicate"; readonly id: JobId; readonly state: JobState; readonly overdue: boolean }
  | {
      readonly is: "replayed";
      readonly id: JobId;
      readonly finishedAt: EpochMs;
      readonly kind: ResultKind;
      readonly result: StoredValue | undefined;
    }
  /** Another payload stands for the same correlation. */
  | {
      readonly is: "conflict";
      readonly id: JobId;
      readonly state: JobState;
      readonly fingerprint: Fingerprint;
      readonly overdue: boolean;
    };

/** The queue refused the job: give the reservation back, as long as it is pending under this id. */
export interface Unreserve extends At {
  readonly op: "unreserve";
  readonly id: JobId;
}
export type Unreserved = { readonly is: "gone" } | { readonly is: "kept" };

/** A delivery arrived: may it run? */
export interface Claim extends At, Introduction {
  readonly op: "claim";
  /** `<worker>:<random per delivery>`. The same owner claiming again is a re-send and gets the same answer. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly maxCrashes: number;
}
export type Claimed =
  | {
      readonly is: "acquired";
      readonly fence: number;
      readonly generation: number;
      /** 1 for the first. */
      readonly attempt: number;
      readonly crashes: number;
      readonly deferrals: number;
      readonly redrives: number;
      readonly history: readonly PastAttempt[];
      /** Took over from a worker that died or went silent. */
      readonly recovered: boolean;
      readonly createdAt: EpochMs;
      readonly deadlineAt: EpochMs;
      /** It was acquired only to be dead-lettered: nothing else may be done with it. */
      readonly doomed: Extract<DeadReason, "CRASH_LOOP" | "DEADLINE" | "CONFLICT"> | undefined;
      readonly now: EpochMs;
    }
  /** Another worker holds it, or it may not start yet. */
  | { readonly is: "busy" | "not-yet"; readonly retryAfterMs: number; readonly now: EpochMs }
  /** Ended already. `followUps` are to be enqueued before the delivery is acknowledged. */
  | {
      readonly is: "finished";
      readonly state: FinalState;
      readonly followUps: string | undefined;
      readonly now: EpochMs;
    }
  /** Another job stands for the correlation: this delivery is a leftover. */
  | { readonly is: "superseded"; readonly by: JobId; readonly now: EpochMs };

export interface Renew extends Held {
  readonly op: "renew";
  readonly leaseMs: number;
  readonly progress?: Progress | undefined;
}
export type Renewed =
  | { readonly is: "held"; readonly cancelRequested: { readonly by: string } | undefined; readonly now: EpochMs }
  | Lost;

export interface Settle extends Held {
  readonly op: "settle";
  readonly as: Settlement;
}
export type Settlement =
  | {
      readonly state: "completed";
      readonly kind: ResultKind;
      readonly result: StoredValue | undefined;
      /** How long it answers for repeats; the record stays at least that long. */
      readonly keepMs: number;
      /** Envelopes of jobs to be enqueued with this settlement; opaque. */
      readonly followUps: string | undefined;
      /** The envelope, where the type keeps it for `rerun`. */
      readonly envelope: string | undefined;
    }
  | {
      readonly state: "retrying";
      /** What is counted: a failed attempt, a deferral, or nothing (released at shutdown). */
      readonly counts: "attempt" | "deferral" | "nothing";
      readonly delayMs: number;
      readonly error: JobRecord["error"];
      /** It was put back because it waits for children: no run worth remembering in its history. */
      readonly waiting?: Waiting | undefined;
    }
  | {
      readonly state: "dead";
      readonly reason: DeadReason;
      readonly error: JobRecord["error"];
      /** Written in the same commit as the state. */
      readonly letter: NewLetter;
      readonly keepMs: number;
      readonly followUps: string | undefined;
    }
  | {
      readonly state: "cancelled";
      readonly by: string;
      readonly keepMs: number;
      readonly followUps: string | undefined;
    };

/** A dead letter as the store takes it. Type, tenant and reason, by which it is listed too, are the record's. */
export interface NewLetter {
  /** What failures of one kind have in common; letters are grouped by it. */
  readonly group: string;
  /** JSON, opaque to the store. */
  readonly body: string;
  readonly keepMs: number;
}
export type Settled =
  /** `state` is `cancelled` where a retry was asked for and a cancel had come meanwhile. */
  | { readonly is: "settled"; readonly state: JobState; readonly now: EpochMs }
  /** Somebody else's result is on record: drop your own. */
  | { readonly is: "already"; readonly state: FinalState }
  | Lost;

export interface Lost {
  readonly is: "lost";
  readonly state: JobState | "absent";
  readonly fence: number;
}

export interface Cancel extends At {
  readonly op: "cancel";
  readonly id: JobId;
  readonly by: string;
  readonly keepMs: number;
}
export type Cancelled =
  /** It was waiting and will not run. */
  | { readonly is: "cancelled" }
  /** It is running; its worker is told at the next renewal. */
  | { readonly is: "requested" }
  | { readonly is: "finished"; readonly state: FinalState }
  | { readonly is: "unknown" };

/** Bring ended work back under a new id: dead work with its finished steps, or any ended work from scratch. */
export interface Redrive extends At {
  readonly op: "redrive";
  readonly id: JobId;
  readonly newId: JobId;
  readonly steps: "keep" | "fresh";
  readonly deadlineMs: number;
}
export type Redriven =
  | { readonly is: "redriven" }
  /** Brought back before under this id; adding that one to the queue again is safe. */
  | { readonly is: "already"; readonly id: JobId; readonly state: JobState }
  | { readonly is: "unknown" };

export interface StepBegin extends Held {
  readonly op: "step-begin";
  readonly step: string;
  /** A digest of what the step depends on. A memo with another one is a conflict. */
  readonly input?: string | undefined;
  /** An earlier worker began it and never said how it ended: begin it again, or be told so first. */
  readonly onUncertain: "begin" | "ask";
  /** A step is proof of life: its beginning extends the lease. */
  readonly leaseMs: number;
}
export type StepBegun =
  | { readonly is: "run"; readonly repeated: boolean }
  | { readonly is: "memo"; readonly value: StoredValue }
  | { readonly is: "input-differs" }
  | { readonly is: "uncertain"; readonly since: EpochMs }
  | Lost;

/**
 * Judged by the step's own intent, not by the lease: an effect that happened is a fact, and recording it late still
 * saves a repeat. `undone` says the effect certainly did not happen and clears the intent.
 */
export interface StepEnd extends Held {
  readonly op: "step-end";
  readonly step: string;
  readonly as: { readonly is: "done"; readonly value: StoredValue } | { readonly is: "undone" };
}
export type StepEnded =
  | { readonly is: "recorded" }
  | { readonly is: "already"; readonly value: StoredValue }
  | { readonly is: "stale" };

/**
 * Somebody found out what became of the uncertain step of a dead job, before it is redriven: as if the step had ended so.
 * Answers `stale` where this job is not dead, or has no such step.
 */
export interface StepDecide extends At {
  readonly op: "step-decide";
  readonly id: JobId;
  readonly step: string;
  readonly as: StepEnd["as"];
}

/** The follow-ups of a settled job are in the queue. */
export interface FollowUpsSent extends At {
  readonly op: "follow-ups-sent";
  readonly id: JobId;
}

export type Operation =
  | Reserve
  | Unreserve
  | Claim
  | Renew
  | Settle
  | Cancel
  | Redrive
  | StepBegin
  | StepEnd
  | FollowUpsSent
  | StepDecide;

interface Answers {
  reserve: Reserved;
  unreserve: Unreserved;
  claim: Claimed;
  renew: Renewed;
  settle: Settled;
  cancel: Cancelled;
  redrive: Redriven;
  "step-begin": StepBegun;
  "step-end": StepEnded;
  "follow-ups-sent": { readonly is: "noted" };
  "step-decide": StepEnded;
}
export type AnswerTo<O extends Operation> = Answers[O["op"]];
export type Answer = Answers[Operation["op"]];
/** Answers in the order of their operations. */
export type AnswersTo<Ops extends readonly Operation[]> = { readonly [I in keyof Ops]: AnswerTo<Ops[I]> };
