import type { DeadLetters } from "../dead-letter/dead-letters.ts";
import type { WorkerBeat } from "../idempotency/worker-beat.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import type { AnyJob, InputOf, Key, UntenantedJob } from "../job/job.ts";
import type { Duration } from "../runtime/duration.ts";
import type { Closed } from "../worker/closed.ts";
import type { Worker, WorkerOptions } from "../worker/worker.ts";
import type { Explanation } from "./explain.ts";
import type { EnqueueMany, Scope, TenantSemel } from "./scope.ts";
import type { JobStatus } from "./status.ts";
import type { Which } from "./which.ts";

/** One line of the queue as it stands now: numbers of jobs present, not totals. */
export interface QueueCounts {
  readonly queue: string;
  readonly types: readonly string[];
  readonly pending: number;
  readonly delayed: number;
  readonly running: number;
  /** Dead letters of these types. */
  readonly dead: number;
  readonly paused: boolean;
  readonly oldestPendingAt: Date | undefined;
}

/** A worker that is alive. */
export type WorkerInfo = Omit<WorkerBeat, "startedAt" | "seenAt"> & { readonly startedAt: Date; readonly seenAt: Date };

export interface CloseOptions {
  /** How long running jobs may go on. Default: `"25s"`. */
  readonly deadline?: Duration | undefined;
  /** Is told what became of the jobs that ran, when everything is closed. */
  readonly onClosed?: ((closed: Closed) => void) | undefined;
}

/**
 * The whole of Semel for an application: made by `createSemel`, closed by `close`. A class so that it can be an injection
 * token; it has no private members, so that its ESM and CommonJS typings are one type.
 */
export abstract class Semel implements Scope, AsyncDisposable {
  abstract enqueue<J extends UntenantedJob>(
    job: J,
    payload: InputOf<J>,
    options?: EnqueueOptions,
  ): Promise<Enqueued<J>>;
  abstract readonly enqueueMany: EnqueueMany<UntenantedJob>;
  /** @throws `TENANT_INVALID`. */
  abstract forTenant(tenant: string): TenantSemel;
  abstract status<J extends AnyJob>(job: J, id: string): Promise<JobStatus<J> | undefined>;
  abstract status(id: string): Promise<JobStatus | undefined>;
  abstract find<J extends AnyJob>(
    job: J,
    correlation: Readonly<Record<string, Key>>,
  ): Promise<JobStatus<J> | undefined>;
  abstract explain(id: string): Promise<readonly Explanation[]>;
  abstract cancel(id: string, reason?: string): Promise<"cancelled" | "requested" | "finished" | "unknown">;
  abstract rerun(id: string): Promise<string>;
  abstract readonly deadLetters: DeadLetters;
  abstract counts(): Promise<readonly QueueCounts[]>;
  abstract workers(): Promise<readonly WorkerInfo[]>;
  /**
   * Hands out no further job, in any process, until `resume`. What runs goes on. Without `which`: of every queue there is by
   * now, which is each that ever got a job or that a living worker takes from. One that comes later is not paused.
   * @throws `OPTION_INVALID`, also for `{}`; `QUEUE_UNKNOWN` for a type or queue that was never used.
   */
  abstract pause(which?: Which): Promise<void>;
  /** Undoes `pause`. @throws as `pause` does. */
  abstract resume(which?: Which): Promise<void>;
  /**
   * Jobs of a type (or of a shared queue) that may run at a time over all workers; `undefined` lifts it. Where the queue can.
   * @throws as `pause` does.
   */
  abstract limit(which: Which, concurrency: number | undefined): Promise<void>;
  /** Starts taking jobs; returns at once. */
  abstract worker(options: WorkerOptions): Worker;
  /**
   * Erases what is on record of one tenant: records, results, letters. Answers how many jobs. Deliveries that still wait in
   * the queue are not reached and would begin new records: cancel those jobs first.
   */
  abstract forget(tenant: string): Promise<number>;
  /** Connects now rather than at first use. Rejects with what is wrong. */
  abstract ready(): Promise<void>;
  /** Closes its workers, then queue and store. Closing twice is one close; a deadline that ends sooner is the one that counts. */
  abstract close(options?: CloseOptions): Promise<void>;
  abstract [Symbol.asyncDispose](): Promise<void>;
}
