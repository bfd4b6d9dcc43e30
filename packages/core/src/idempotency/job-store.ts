import type { GuardKey } from "../job/identity.ts";
import type { StoredValue } from "../job/value.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { Host } from "../runtime/host.ts";
import type { PortsVersion } from "../semel/ports-version.ts";
import type { JobRecord } from "./job-record.ts";
import type { AnswersTo, Operation } from "./operations.ts";
import type { StoreTransactions } from "./store-transactions.ts";
import type { WorkerBeat } from "./worker-beat.ts";

/** What a store promises beyond the minimum. The conformance suite asserts each both ways. */
export interface JobStoreFeatures {
  /** A confirmed write survives `kill -9` of every process that uses the store. */
  readonly durable: boolean;
  /** The largest result or step value, in bytes. */
  readonly maxValueBytes: number;
  /**
   * The longest it keeps a record, in milliseconds, where there is an end to it whatever it is told. Jobs whose deadline or
   * window is longer are refused (`RETENTION_TOO_SHORT`). Absent: as long as it is told.
   */
  readonly retentionMs?: number | undefined;
}

/**
 * Keeps one record per guard key, and decides: it is the guard against repeats, the status of every job, and the place
 * of memoised steps. The broker may deliver as often as it likes; what this port answers is what happened.
 *
 * Every call rejects if the store cannot be reached; expected cases are answers. Implementations need not time calls
 * out (core does), but must not keep a call waiting for a connection for ever after `dispose`.
 */
export interface JobStore extends AsyncDisposable {
  /** What it was written against. Without it, it is taken to fit. */
  readonly ports?: PortsVersion | undefined;
  readonly features: JobStoreFeatures;
  /** Connects, creates or migrates what it needs, judges the server's settings. May be called more than once. */
  start(host: Host): Promise<{ readonly now: EpochMs; readonly warnings: readonly string[] }>;
  /**
   * Applies the operations in order, each atomic for itself. Several operations on one key see each other. Safe to send
   * twice. `docs/writing-an-adapter.md` has the table of transitions; `decide` in this package is its reference.
   */
  apply<const Ops extends readonly Operation[]>(operations: Ops): Promise<AnswersTo<Ops>>;
  /** Records in the order of the keys; expired ones are `undefined`. Constant time each. */
  read(keys: readonly GuardKey[]): Promise<readonly (JobRecord | undefined)[]>;
  /** The stored result of a completed job. */
  result(key: GuardKey): Promise<StoredValue | undefined>;
  /** The envelope of a completed job whose type keeps it (`keepPayload`). */
  envelope(key: GuardKey): Promise<string | undefined>;
  /** Erases records with all that belongs to them, letters included. Answers how many. */
  forget(filter: { readonly tenant: string } | { readonly key: GuardKey }): Promise<number>;
  /** Removes what has expired, at most `limit` records and as many letters. Answers how many; 0 where the store does it itself. */
  sweep(limit: number): Promise<number>;
  /** A worker says it is alive; forgotten after `keepMs`, or at once with 0. Answers the store's clock. */
  beat(worker: WorkerBeat, keepMs: number): Promise<EpochMs>;
  /** The workers whose beat is not forgotten. */
  workers(): Promise<readonly WorkerBeat[]>;
  /** Where records share a database, and so a commit, with the application's rows. */
  readonly transactions?: StoreTransactions | undefined;
}
