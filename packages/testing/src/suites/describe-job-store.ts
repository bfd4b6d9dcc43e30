import { describe, test } from "vitest";
import { cancelling } from "./job-store/cancelling.ts";
import { claiming } from "./job-store/claiming.ts";
import { concurrency } from "./job-store/concurrency.ts";
import { crashes } from "./job-store/crashes.ts";
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
import type { JobStoreSuite } from "./job-store/suite.ts";
import { transactions } from "./job-store/transactions.ts";
import { values } from "./job-store/values.ts";
import { workers } from "./job-store/workers.ts";

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
    describe("follow-ups", () => {
      followUpsOf(promised);
      crashes(promised);
    });
    describe("sent twice", () => sentTwice(promised));
    describe("reading", () => reading(promised));
    describe("letters", () => letters(promised));
    describe("workers", () => workers(promised));
    describe("erasure", () => erasure(promised));
    describe("expiry and sweeping", () => expiry(promised));
    describe("values", () => values(promised));
    describe("concurrency", () => concurrency(promised));
    describe("durability", () => durability(promised));
    describe("transactions", () => transactions(promised));
  });
}
