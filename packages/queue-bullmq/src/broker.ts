import type { EpochMs, QueueFeatures } from "@semel/core/adapter";
import type { BackendFactory, IQueueBackend } from "bullmq";

/** What BullMQ cannot be asked for in one call, or not in constant time. */
export interface BrokerCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly paused: boolean;
  readonly oldestWaitingAt: EpochMs | undefined;
}

/**
 * The database under BullMQ: everything that differs between PostgreSQL and Redis. The rest of this package speaks
 * BullMQ's own interface.
 */
export interface Broker {
  readonly features: QueueFeatures;
  /** Connects and brings BullMQ's tables up to date. Answers warnings. */
  open(report: (text: string, error: unknown) => void): Promise<readonly string[]>;
  /** What BullMQ's queues and workers stand on. All share one connection. */
  readonly backend: BackendFactory<IQueueBackend, unknown>;
  /**
   * From how many additions on BullMQ's bulk statement is to be used: where single statements may overtake one another
   * (several sessions), from the second; where they cannot, from where it is worth its price (it makes temporary tables).
   */
  readonly bulkFrom: number;
  /** The nonces of those of these jobs that are there, by id. */
  nonces(queue: string, ids: readonly string[]): Promise<ReadonlyMap<string, string | undefined>>;
  counts(queue: string): Promise<BrokerCounts>;
  /** Whether this error says that the broker certainly did not do what it was asked. */
  refused(error: unknown): boolean;
  /** Lets go of the connection. What the user handed in stays open. */
  close(): Promise<void>;
}
