import type { Host, JobStore, JobStoreFeatures, LetterBox } from "@semel/core/adapter";
import type { SuiteTime } from "../time.ts";

/** One process's way to a store. */
export interface StoreView {
  readonly store: JobStore;
  /** Often the same object. */
  readonly deadLetters: LetterBox;
}

/** A store for one test. The suite starts it, with a namespace of its own, and disposes of it. */
export interface JobStoreUnderTest extends StoreView {
  /**
   * Another view of the same store, as a second process has it; the suite starts it with the same namespace and
   * disposes of it. Without it, what concerns several processes is tried through one.
   */
  readonly open?: (() => StoreView | Promise<StoreView>) | undefined;
  /**
   * Default: `realTime({ shortMs: 60 })`, whose leases are long beside a round trip to a server on this machine.
   * Give it a `leap` if the driver can make the server believe that days have passed.
   */
  readonly time?: SuiteTime | undefined;
  /** Overrides of what the store is started with. */
  readonly host?: Partial<Host> | undefined;
  /** Called after the test, when all views are disposed of: for clients and servers that are the driver's own. */
  readonly dispose?: (() => Promise<void>) | undefined;
}

export interface JobStoreSuite {
  /** The adapter's name, for the report. */
  readonly name: string;
  /** Called for each test. Tests run one after the other and never share a namespace. */
  readonly create: () => JobStoreUnderTest | Promise<JobStoreUnderTest>;
  /** What the adapter declares. */
  readonly features: JobStoreFeatures;
  /** For one test, in real time. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}
