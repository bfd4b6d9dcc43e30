import type { EpochMs, JobId, QueueFeatures } from "@semel/core/adapter";
import type { BackendFactory, IQueueBackend } from "bullmq";

/** What BullMQ cannot be asked for in one call, or not in constant time. */
export interface BrokerCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly paused: boolean;
  readonly oldestWaitingAt: EpochMs | undefined;
  /** Whether a worker that asked now would be given a job. Absent where nobody need ask: see {@link Broker.revive}. */
  readonly isOwing?: boolean | undefined;
}

/** How an envelope stands in what BullMQ takes for a job's data, which is text on its way to the database. */
export interface JobData {
  encode(envelope: string): string;
  /**
   * Never throws: BullMQ would fail the job and remove it. A job somebody else put into the queue, or a damaged one, comes
   * out as the text it is: what it means is for the reader to judge.
   */
  decode(data: string): string;
}

export type Report = (text: string, error: unknown) => void;

/**
 * The database under BullMQ: everything that differs between PostgreSQL and Redis. The rest of this package speaks
 * BullMQ's own interface.
 */
export interface Broker {
  readonly features: QueueFeatures;
  /** Connects and brings BullMQ's tables up to date. Answers warnings. */
  open(report: Report): Promise<readonly string[]>;
  /** The name that a queue bears in this database. */
  nameOf(queue: string): string;
  /** What BullMQ's queues and workers stand on. All share one connection. */
  readonly backend: BackendFactory<IQueueBackend, unknown>;
  readonly data: JobData;
  /**
   * From how many additions on BullMQ's bulk statement is to be used: where single statements may overtake one another
   * (several sessions), from the second; where they cannot, from where it is worth its price, if ever.
   */
  readonly bulkFrom: number;
  /** Whether this job waits, is delayed or handed out. Constant time. */
  has(queue: string, id: JobId): Promise<boolean>;
  counts(queue: string): Promise<BrokerCounts>;
  /** Wakes a worker that waits for a job: for jobs that become available by something else than being added. */
  wake?(queue: string): Promise<void>;
  /** A worker got nothing for a while although it was owed: mends what all workers share, if that is broken. */
  revive?(queue: string): Promise<void>;
  /** Whether this error says that the broker certainly did not do what it was asked. */
  refused(error: unknown): boolean;
  /** Lets go of the connection. What the user handed in stays open. */
  close(): Promise<void>;
}
