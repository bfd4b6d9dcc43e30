import type { DeadReason } from "../dead-letter/reason.ts";
import type { Failure } from "../errors/failure.ts";
import type { FinalState, JobState } from "../job/state.ts";
import type { AbortReason } from "../runtime/abort.ts";
import type { EpochMs } from "../runtime/clock.ts";

/** Which job an event is about. */
interface AboutJob {
  readonly id: string;
  readonly type: string;
  readonly tenant: string | undefined;
}
interface AboutAttempt extends AboutJob {
  readonly attempt: number;
  readonly fence: number;
}

/** Every event with its fields; `docs/events.md` says when each is emitted. */
export interface Events {
  "job.enqueued": AboutJob & { readonly delayMs: number };
  "job.duplicate": AboutJob & { readonly state: JobState };
  "job.replayed": AboutJob & { readonly finishedAt: EpochMs };
  "job.refused": {
    readonly type: string;
    readonly tenant: string | undefined;
    readonly code: string;
    readonly message: string;
  };
  "job.unattended": { readonly type: string; readonly lane: string; readonly forMs: number };
  "job.redriven": AboutJob & { readonly from: string; readonly steps: "keep" | "fresh" };
  "job.progress": AboutJob & { readonly fraction: number; readonly note: string | undefined };
  "attempt.started": AboutAttempt & { readonly waitedMs: number; readonly recovered: boolean };
  "attempt.completed": AboutAttempt & { readonly ranMs: number; readonly steps: number };
  "attempt.failed": AboutAttempt & {
    readonly ranMs: number;
    readonly error: Failure;
    readonly nextInMs: number;
    readonly maxAttempts: number;
  };
  "attempt.deferred": AboutAttempt & { readonly ranMs: number; readonly reason: string; readonly nextInMs: number };
  "attempt.waiting": AboutAttempt & {
    readonly ranMs: number;
    readonly total: number;
    readonly ended: number;
    readonly failed: number;
    readonly nextInMs: number;
  };
  "attempt.dead": AboutAttempt & { readonly ranMs: number; readonly reason: DeadReason; readonly error: Failure };
  "attempt.cancelled": AboutAttempt & { readonly ranMs: number; readonly by: string };
  "attempt.released": AboutAttempt & { readonly ranMs: number };
  "attempt.aborted": AboutAttempt & { readonly reason: AbortReason };
  "attempt.runaway": AboutAttempt & { readonly reason: AbortReason };
  "attempt.lost": AboutAttempt & { readonly ranMs: number; readonly now: JobState | "absent" };
  "delivery.held": AboutJob & {
    readonly reason: "unknown-type" | "newer-version" | "newer-format" | "busy" | "not-yet" | "isolated";
    readonly nextInMs: number;
  };
  "delivery.dropped": AboutJob & { readonly reason: FinalState | "superseded" };
  "step.started": AboutAttempt & { readonly step: string; readonly repeated: boolean };
  "step.completed": AboutAttempt & { readonly step: string; readonly ranMs: number; readonly bytes: number };
  "step.replayed": AboutAttempt & { readonly step: string };
  "step.failed": AboutAttempt & { readonly step: string; readonly ranMs: number; readonly error: Failure };
  "step.verified": AboutAttempt & { readonly step: string; readonly found: "found" | "absent" | "unknown" };
  "children.enqueued": AboutAttempt & {
    readonly group: string;
    readonly total: number;
    readonly created: number;
    readonly duplicates: number;
    readonly replayed: number;
    readonly conflicts: number;
  };
  "children.ended": AboutAttempt & {
    readonly group: string;
    readonly total: number;
    readonly failed: number;
    readonly waitedMs: number;
  };
  "result.omitted": AboutAttempt & { readonly why: string };
  "store.unavailable": { readonly during: string; readonly error: Failure };
  "queue.unavailable": { readonly during: string; readonly error: Failure };
  "store.available": { readonly outageMs: number; readonly failures: number };
  "queue.available": { readonly outageMs: number; readonly failures: number };
  "queue.rested": { readonly queue: string; readonly forMs: number; readonly reason: string };
  "backend.warning": { readonly text: string; readonly error: Failure | undefined };
  "hook.failed": { readonly during: string; readonly error: Failure };
  "worker.started": { readonly worker: string; readonly types: readonly string[]; readonly concurrency: number };
  "worker.problem": { readonly worker: string; readonly during: string; readonly error: Failure };
  "worker.unready": { readonly worker: string; readonly error: Failure };
  "worker.ready": { readonly worker: string };
  "worker.stalled": { readonly worker: string; readonly forMs: number };
  "worker.stopped": {
    readonly worker: string;
    readonly finished: number;
    readonly released: number;
    readonly leftBehind: number;
  };
}

export type EventName = keyof Events;

/** One event. Narrow it by `name`. */
export type SemelEvent = { [N in EventName]: { readonly name: N; readonly at: EpochMs } & Events[N] }[EventName];

/** For the docs' check and for those who list them; a name missing here does not compile. */
export const eventNames: readonly EventName[] = Object.keys({
  "job.enqueued": 0,
  "job.duplicate": 0,
  "job.replayed": 0,
  "job.refused": 0,
  "job.unattended": 0,
  "job.redriven": 0,
  "job.progress": 0,
  "attempt.started": 0,
  "attempt.completed": 0,
  "attempt.failed": 0,
  "attempt.deferred": 0,
  "attempt.waiting": 0,
  "attempt.dead": 0,
  "attempt.cancelled": 0,
  "attempt.released": 0,
  "attempt.aborted": 0,
  "attempt.runaway": 0,
  "attempt.lost": 0,
  "delivery.held": 0,
  "delivery.dropped": 0,
  "step.started": 0,
  "step.completed": 0,
  "step.replayed": 0,
  "step.failed": 0,
  "step.verified": 0,
  "children.enqueued": 0,
  "children.ended": 0,
  "result.omitted": 0,
  "store.unavailable": 0,
  "queue.unavailable": 0,
  "store.available": 0,
  "queue.available": 0,
  "queue.rested": 0,
  "backend.warning": 0,
  "hook.failed": 0,
  "worker.started": 0,
  "worker.problem": 0,
  "worker.unready": 0,
  "worker.ready": 0,
  "worker.stalled": 0,
  "worker.stopped": 0,
} satisfies Record<EventName, 0>) as EventName[];
