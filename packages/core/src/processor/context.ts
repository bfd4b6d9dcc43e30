import type { Child, ChildrenOptions } from "../children/child.ts";
import type { Logger } from "../instrumentation/logger.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import type { Envelope } from "../job/envelope.ts";
import type { AnyJob, InputOf, PayloadOf, ResultOf } from "../job/job.ts";
import type { Json, Jsonify } from "../job/json.ts";
import type { JobRequest } from "../job/request.ts";
import type { Duration } from "../runtime/duration.ts";
import type { OnceOptions } from "./once-options.ts";
import type { Outcome } from "./outcome.ts";
import type { Transaction } from "./transaction.ts";

/** What a step is given to make its effect recognisable. */
export interface Effect {
  /**
   * The same on every attempt of this generation, 32 characters of base64url: give it to the provider as its
   * idempotency key, to a database as the key of an upsert, to a file as its name.
   */
  readonly key: string;
  /** Fires before the lease can end, and whenever the attempt is to stop. */
  readonly signal: AbortSignal;
}

/** Everything a processor gets. Every member works destructured. */
export interface JobContext<J extends AnyJob = AnyJob> {
  readonly id: string;
  readonly payload: PayloadOf<J>;
  readonly tenant: J["tenant"] extends "required" ? string : string | undefined;
  /** 1 for the first. Crashes, deferrals and shutdowns are not counted. */
  readonly attempt: number;
  /** The job as it travelled, with the counters as of this attempt. */
  readonly envelope: Envelope;
  /** Fires when the attempt is to stop; `signal.reason` is an {@link AttemptAborted} that says why. */
  readonly signal: AbortSignal;
  /**
   * Grows with every claim of this correlation. Write it beside your own rows and refuse smaller ones, and a worker
   * that came back from a pause cannot overwrite its successor.
   */
  readonly fence: number;
  /** Logs with the job's id, type and attempt. */
  readonly log: Logger;
  /**
   * Runs `run` once: what it answered is stored, and every later attempt of this job gets the stored value instead. The
   * first run gets it after the same trip through JSON. Only success is stored; a failure goes through.
   *
   * If a worker dies between the effect and its record, the step runs again with the same `key`; `onUncertain` says what
   * else is to happen then.
   * @throws `STEP_NAME_REPEATED` when a name is used twice in one attempt without a `key`; `STEP_CONFLICT`;
   * `STEP_VALUE_UNSTORABLE`; `STEP_VALUE_TOO_LARGE`; `UNCERTAIN_EFFECT`; `LEASE_LOST` when the attempt no longer holds its
   * lease; `ATTEMPT_OVER` when it has ended.
   */
  once<T>(
    name: string,
    run: (effect: Effect) => Promise<T> | T,
    options?: OnceOptions<NoInfer<T>>,
  ): Promise<Jsonify<T>>;
  /**
   * What an earlier attempt, or this one, has put on record with `remember` under this name; `undefined` if nothing. For
   * decisions that later attempts shall stay with: which of two providers a job has gone to.
   */
  recall<T>(name: string): Promise<Jsonify<T> | undefined>;
  /**
   * Puts a decision on record for this job's later attempts, once: if there is one by this name already, that one is answered
   * and stays. It is no place for effects; those belong into `once`. Not `undefined`.
   * @throws `STEP_VALUE_UNSTORABLE`, `STEP_VALUE_TOO_LARGE`, `LEASE_LOST`, `ATTEMPT_OVER`.
   */
  remember<T>(name: string, value: T): Promise<Jsonify<T>>;
  /** Enqueues a job that names this one as its cause; inherits tenant and trace. */
  enqueue<C extends AnyJob>(job: C, payload: InputOf<C>, options?: EnqueueOptions): Promise<Enqueued<C>>;
  /**
   * Enqueues children and goes on when all have ended, in the order of the requests. While they have not, the attempt ends
   * here: it holds no slot and burns no attempt, and the processor runs again from the top when there is something to see. So
   * what comes before it belongs into `once`, above all the list itself. Groups that are to run side by side go into one
   * `Promise.all`.
   *
   * A child is a job like any other: if its work has completed before, its result is there at once; if it runs already, for
   * whomever, it is waited for. Same work twice in a list is one job. Results are copied, so they stay when a child's record
   * has gone.
   * @param name tells the groups of a processor apart; a group that was handed over once stays as it came out, like a step.
   * @throws `CHILDREN_FAILED` when a child failed whose policy is `fail-parent`, the default; it kills the parent unless caught.
   * `CHILDREN_TOO_MANY` above 10,000. `STEP_CONFLICT` when the list is another than on an earlier attempt.
   * `WAITING_FOR_CHILDREN`: not for you; let it pass.
   */
  children<C extends AnyJob>(
    name: string,
    requests: readonly JobRequest<C>[],
    options?: ChildrenOptions<C>,
  ): Promise<readonly Child<C>[]>;
  /** Says how far it is, 0 to 1. Resolves when it is stored; several in quick succession become one. */
  progress(fraction: number, note?: string): Promise<void>;
  /**
   * `return transaction(async (tx) => { …; return result; })`: the rows that `run` writes through `tx` and the job's
   * completion, with what `run` answers as its result, are one commit. If it throws, or another worker has taken over, neither
   * is there. Where the store is in the application's own database: on PostgreSQL and PGlite.
   *
   * It runs once it has been returned, so the job's steps are on record by then, and `once` is refused inside it. It runs
   * again with the next attempt: what it does outside the transaction is not undone.
   * @throws `TRANSACTION_UNSUPPORTED` at once, where the store cannot.
   */
  transaction(run: (tx: Transaction) => Promise<ResultOf<J>> | ResultOf<J>): Outcome;
  /** `return retry({ after: "10s" })`: burns an attempt, as a failure does. */
  retry(options?: { readonly after?: Duration | undefined; readonly reason?: string | undefined }): Outcome;
  /** `return defer("provider is busy", "30s")`: burns none. */
  defer(reason: string, until: Duration | Date): Outcome;
  /** `return deadLetter("document is gone")`: set aside at once. */
  deadLetter(reason: string, details?: Json): Outcome;
  /** `return cancel("no longer wanted")`: ends without result and without dead letter. */
  cancel(reason: string): Outcome;
}
