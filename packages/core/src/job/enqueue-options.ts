import type { TransactionClient } from "../processor/transaction.ts";
import type { Duration } from "../runtime/duration.ts";
import type { Json } from "./json.ts";
import type { Priority } from "./priority.ts";

/** What one request may say about itself; what holds for every job of the type is said in `defineJob`. */
export interface EnqueueOptions {
  /**
   * The unique half of the job's id, 1–64 characters of `A–Z a–z 0–9 _ -`. The same work enqueued twice with one id is enqueued
   * once. Other work, by its type, tenant and correlation, has an id of its own, whose first half differs.
   */
  readonly id?: string | undefined;
  /** Needs `priority` in the job's definition. */
  readonly priority?: Priority | undefined;
  /** Not before this long from now. */
  readonly delay?: Duration | undefined;
  /** Not before this instant. */
  readonly at?: Date | undefined;
  /** Run again from scratch what has completed or died already. */
  readonly rerun?: boolean | undefined;
  /**
   * Enqueues within a transaction that this client has open: with your rows, or not at all. The delivery follows once you
   * have committed, usually within a fraction of a second. Enqueue last: until you commit, the same work, enqueued elsewhere,
   * waits. Where the store is in your own database.
   */
  readonly transaction?: TransactionClient | undefined;
  /** Open to the application; carried along, never read by Semel. At most 4 kB of JSON. */
  readonly meta?: Readonly<Record<string, Json>> | undefined;
}
