import type { JobId } from "../job/identity.ts";
import type { Priority } from "../job/priority.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { Host } from "../runtime/host.ts";
import type { PortsVersion } from "../semel/ports-version.ts";

/**
 * What a queue can do beyond the minimum. The conformance suite asserts each both ways; a method whose feature is
 * `false` rejects.
 */
export interface QueueFeatures {
  /** Adding an id that is still there keeps the first and changes nothing. Without it, a repeat is dropped at claim. */
  readonly idempotentAdd: boolean;
  /** `has` answers. */
  readonly lookup: boolean;
  /** `remove` removes. */
  readonly remove: boolean;
  /** Jobs with a higher priority are handed out first. */
  readonly priority: boolean;
  /** `hold` and `release` work, across processes. */
  readonly hold: boolean;
  /** `limit` works, across processes. */
  readonly limit: boolean;
  /** A confirmed addition survives `kill -9` of every process that uses the queue. */
  readonly durable: boolean;
  /** How late a delay may end beyond its time, on an idle machine. */
  readonly delayPrecisionMs: number;
}

/** One job on its way in. */
export interface Addition {
  readonly id: JobId;
  /** The line it waits in: its type, or the `queue` several types share. */
  readonly lane: string;
  readonly type: string;
  /** Opaque to the queue: any text, which comes out byte for byte. */
  readonly envelope: string;
  readonly delayMs: number;
  /** Absent in a lane whose types declare none. */
  readonly priority?: Priority | undefined;
}

/**
 * What became of an addition.
 * - `added`: it is with the broker, from this call or an earlier one under the same id.
 * - `refused`: certainly not added. An unclear outcome rejects the call instead.
 */
export type Added = { readonly is: "added" } | { readonly is: "refused"; readonly error: unknown };

/** One hand-over of a job to one worker. */
export interface Delivery {
  readonly id: JobId;
  readonly lane: string;
  readonly envelope: string;
}

/**
 * What is to become of a delivery.
 * - `ack`: done with, forget it. Only ever after the store has settled the job.
 * - `return`: hand it out again, no sooner than `delayMs` from now.
 * - `abandon`: do nothing; it comes back when the broker's hold on it ends. For a worker that lost its hold.
 */
export type Disposition =
  | { readonly do: "ack" }
  | { readonly do: "return"; readonly delayMs: number }
  | { readonly do: "abandon" };

export interface ConsumeOptions {
  /** Deliveries handed out to this consumer at a time. */
  readonly concurrency: number;
  /** How long a delivery may go without `extend` before it is handed to somebody else. */
  readonly holdMs: number;
}

/** Takes deliveries of one lane. */
export interface Consumer extends AsyncDisposable {
  /** Renews the hold on these deliveries; answers those whose hold is gone. */
  extend(held: readonly Delivery[]): Promise<readonly Delivery[]>;
  resize(concurrency: number): void;
  /** Resolves when no further delivery can arrive; those already handed over are still awaited by `dispose`. */
  stop(): Promise<void>;
}

export interface LaneCounts {
  /** Ready to be handed out. */
  readonly waiting: number;
  readonly delayed: number;
  /** Handed out now. */
  readonly running: number;
  readonly held: boolean;
  /** Since when the oldest waiting job is waiting. */
  readonly oldestWaitingAt?: EpochMs | undefined;
}

/**
 * Moves deliveries and knows nothing of outcomes: retries, dead letters and duplicates are the store's business. It
 * promises only that an added job is handed out at least once until it is acknowledged, in no promised order across
 * lanes.
 *
 * Every call rejects if the broker cannot be reached. Implementations need not time calls out (core does).
 */
export interface Queue extends AsyncDisposable {
  /** What it was written against. Without it, it is taken to fit. */
  readonly ports?: PortsVersion | undefined;
  readonly features: QueueFeatures;
  /** Connects, judges the broker's settings and refuses unsafe ones. May be called more than once. */
  start(host: Host): Promise<{ readonly warnings: readonly string[] }>;
  /** Answers in the order of the additions, when they are safe with the broker. */
  add(additions: readonly Addition[]): Promise<readonly Added[]>;
  /** `handle` never rejects. A delivery is in its hands until it resolves. */
  consume(
    lane: string,
    options: ConsumeOptions,
    handle: (delivery: Delivery) => Promise<Disposition>,
  ): Promise<Consumer>;
  /** Whether the job is waiting, delayed or handed out. Constant time. */
  has(lane: string, id: JobId): Promise<boolean>;
  /** Best effort; the truth is the store's. */
  remove(lane: string, id: JobId): Promise<"removed" | "running" | "absent">;
  /**
   * Hands out nothing of this lane, for ever or until `until`. What is handed out already goes on. The two stand side by side:
   * one with an end never ends one without, and a later one with an end takes the place of an earlier one.
   */
  hold(lane: string, until?: EpochMs): Promise<void>;
  /** Ends every hold of the lane. */
  release(lane: string): Promise<void>;
  /** Deliveries of this lane handed out at a time over all workers; `undefined` lifts the limit. */
  limit(lane: string, concurrency: number | undefined): Promise<void>;
  /** Fast beside any backlog: a queue that can only count by looking may stop at 100,000 of a kind. */
  counts(lane: string): Promise<LaneCounts>;
  /** Every lane that ever got a job, with its types, consumed or not. */
  lanes(): Promise<readonly { readonly lane: string; readonly types: readonly string[] }[]>;
}
