import type { Host, JobStore, JobStoreFeatures, LetterBox } from "@semel/core/adapter";
import { describe, test } from "vitest";
import { cancelling } from "./job-store/cancelling.ts";
import { claiming } from "./job-store/claiming.ts";
import { concurrency } from "./job-store/concurrency.ts";
import { durability } from "./job-store/durability.ts";
import { erasure } from "./job-store/erasure.ts";
import { expiry } from "./job-store/expiry.ts";
import { failures } from "./job-store/failures.ts";
import { fencing } from "./job-store/fencing.ts";
import { followUpsOf } from "./job-store/follow-ups.ts";
import { leases } from "./job-store/leases.ts";
import { letters } from "./job-store/letters.ts";
import { reading } from "./job-store/reading.ts";
import { redriving } from "./job-store/redriving.ts";
import { reserving } from "./job-store/reserving.ts";
import { sentTwice } from "./job-store/sent-twice.ts";
import { settling } from "./job-store/settling.ts";
import { type Promised, StoreStage } from "./job-store/stage.ts";
import { starting } from "./job-store/starting.ts";
import { steps } from "./job-store/steps.ts";
import { values } from "./job-store/values.ts";
import { workers } from "./job-store/workers.ts";
import type { SuiteTime } from "./time.ts";

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

/**
 * Holds a store adapter to every promise of the `JobStore` and `LetterBox` ports, transition by transition. A driver
 * test is five lines:
 *
 * ```ts
 * describeJobStore({
 *   name: "MyStore",
 *   features: { durable: true, maxValueBytes: 262_144 },
 *   create() { const store = new MyStore(url); return { store, deadLetters: store, open: () => another(url) }; },
 * });
 * ```
 *
 * Times are the store's: answers are compared with what they must be at the store's own clock, so that a server may
 * keep its own. What cannot be checked is skipped with its reason.
 */
export function describeJobStore(suite: JobStoreSuite): void {
  const timeout = suite.timeoutMs ?? 60_000;
  const promised: Promised = (title, check) =>
    test(title, { timeout }, async (context) => {
      const stage = await StoreStage.open(suite, context);
      try {
        await check(stage);
      } finally {
        await stage.close();
      }
    });

  describe(suite.name, () => {
    describe("starting", () => starting(promised));
    describe("reserving", () => reserving(promised));
    describe("claiming", () => claiming(promised));
    describe("leases", () => leases(promised));
    describe("fencing", () => fencing(promised));
    describe("settling", () => settling(promised));
    describe("failures", () => failures(promised));
    describe("steps", () => steps(promised));
    describe("cancelling", () => cancelling(promised));
    describe("redriving", () => redriving(promised));
    describe("follow-ups", () => followUpsOf(promised));
    describe("sent twice", () => sentTwice(promised));
    describe("reading", () => reading(promised));
    describe("letters", () => letters(promised));
    describe("workers", () => workers(promised));
    describe("erasure", () => erasure(promised));
    describe("expiry and sweeping", () => expiry(promised));
    describe("values", () => values(promised));
    describe("concurrency", () => concurrency(promised));
    describe("durability", () => durability(promised));
  });
}
