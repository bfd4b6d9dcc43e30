import { describe, test } from "vitest";
import { adding } from "./queue/adding.ts";
import { counts } from "./queue/counts.ts";
import { delays } from "./queue/delays.ts";
import { delivering } from "./queue/delivering.ts";
import { durability } from "./queue/durability.ts";
import { hold } from "./queue/hold.ts";
import { holdingOn } from "./queue/holding-on.ts";
import { lanes } from "./queue/lanes.ts";
import { limits } from "./queue/limits.ts";
import { lookingUp, removing } from "./queue/looking-up-and-removing.ts";
import { nothingLost } from "./queue/nothing-lost.ts";
import { oneHolder } from "./queue/one-holder.ts";
import { payloads } from "./queue/payloads.ts";
import { priority } from "./queue/priority.ts";
import { resizing } from "./queue/resizing.ts";
import { returning } from "./queue/returning.ts";
import { sharing } from "./queue/sharing.ts";
import { type Promised, QueueStage } from "./queue/stage.ts";
import { starting } from "./queue/starting.ts";
import { stopping } from "./queue/stopping.ts";
import type { QueueSuite } from "./queue/suite.ts";

/**
 * Holds a queue adapter to every promise of the `Queue` port. A driver test is five lines:
 *
 * ```ts
 * describeQueue({
 *   name: "MyQueue",
 *   features: new MyQueue(url).features,
 *   create: () => ({ queue: new MyQueue(url), open: () => new MyQueue(url), time: realTime({ shortMs: 500 }) }),
 * });
 * ```
 *
 * Every test is a promise in words, in the group named after the part of the port it belongs to. What cannot be checked
 * (a feature that is absent, a view the driver cannot open) is skipped with its reason.
 */
export function describeQueue(suite: QueueSuite): void {
  const timeout = suite.timeoutMs ?? 60_000;
  const promised: Promised = (title, check) =>
    test(title, { timeout }, async (context) => {
      const stage = await QueueStage.open(suite, context);
      try {
        await check(stage);
      } finally {
        await stage.close();
      }
    });

  describe(suite.name, () => {
    describe("starting", () => starting(promised));
    describe("adding", () => adding(promised));
    describe("nothing lost", () => nothingLost(promised));
    describe("one holder", () => oneHolder(promised));
    describe("delivering", () => delivering(promised));
    describe("resizing", () => resizing(promised));
    describe("returning", () => returning(promised));
    describe("holding on", () => holdingOn(promised));
    describe("delays", () => delays(promised));
    describe("priority", () => priority(promised));
    describe("hold and release", () => hold(promised));
    describe("limits", () => limits(promised));
    describe("counts", () => counts(promised));
    describe("lanes", () => lanes(promised));
    describe("looking up", () => lookingUp(promised));
    describe("removing", () => removing(promised));
    describe("stopping", () => stopping(promised));
    describe("payloads", () => payloads(promised));
    describe("sharing", () => sharing(promised));
    describe("durability", () => durability(promised));
  });
}
