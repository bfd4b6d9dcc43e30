import { readFileSync } from "node:fs";
import { defineJob, NonRetryableError, processor, request, SimulatedCrash } from "@semel/core";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type Failpoint, failpoints, type TestKit } from "../src/index.ts";

/* Each row of the table in docs/lifecycle.md: what is on record at the point, and what happens next. */

const payload = z.object({ n: z.number() });
const told = defineJob({ type: "told", payload, correlation: ["n"], result: z.string() });
const job = defineJob({
  type: "work",
  payload,
  correlation: ["n"],
  result: z.string(),
  onSettled: ({ payload: { n } }) => request(told, { n }),
});

let kit: TestKit;
let effects: string[];
const start = (work: (n: number) => string = () => "done") => {
  effects = [];
  kit = createTestKit({
    processors: [
      processor(job, ({ payload: { n }, once }) =>
        once("work", () => {
          effects.push("work");
          return work(n);
        }),
      ),
      processor(told, async () => String(effects.push("told"))),
    ],
  });
};
afterEach(() => kit?.close());

it("the list is the table of docs/lifecycle.md", () => {
  const page = readFileSync(new URL("../../../docs/lifecycle.md", import.meta.url), "utf8");
  const table = page.split("## A crash at every point")[1]?.split("\n## ")[0] ?? "";
  expect([...table.matchAll(/^\| `([^`]+)` /gm)].map(([, point]) => point)).toEqual([...failpoints]);
});

describe("an attempt that dies at", () => {
  const repeated: Partial<Record<Failpoint, number>> = { "once:work:after-effect": 2 };
  // Children and transactions are tried where they are tested; the others below.
  const elsewhere = /^(enqueue|cancel|redrive|return|relay|children|transaction)/;
  const points = failpoints.filter((point) => !elsewhere.test(point));

  it.each(points)("%s leaves a job that completes, and a follow-up that is enqueued once", async (point) => {
    start();
    const at = point.replace("<step>", "work") as Failpoint;
    kit.crashAt(at);
    const { id } = await kit.semel.enqueue(job, { n: 1 });
    expect(await kit.advance("1s")).toMatchObject({ crashed: 1 });
    await kit.advance("2m");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 1 });
    expect(effects.filter((effect) => effect === "work")).toHaveLength(repeated[at] ?? 1);
    expect(effects.filter((effect) => effect === "told")).toHaveLength(1);
    expect(await kit.semel.counts()).toMatchObject([
      { running: 0, pending: 0 },
      { running: 0, pending: 0 },
    ]);
  });

  it("return:before leaves a retry that keeps its time, however early the delivery comes", async () => {
    let failures = 0;
    const slow = defineJob({ type: "slow", payload, correlation: ["n"], retry: { base: "5m", jitter: "equal" } });
    kit = createTestKit({
      processors: [
        processor(slow, async () => {
          if (failures++ === 0) throw new Error("not yet");
        }),
      ],
    });
    kit.crashAt("return:before");
    const { id } = await kit.semel.enqueue(slow, { n: 1 });
    expect(await kit.drain()).toMatchObject({ retried: 1, crashed: 1 });
    await kit.advance("31s");
    expect(kit.events.findLast(({ name }) => name === "delivery.held")).toMatchObject({ reason: "not-yet" });
    expect(failures).toBe(1);
    await kit.advance("5m");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 2, crashes: 0 });
  });
});

describe("a request that dies at", () => {
  it("enqueue:after-reserve and enqueue:after-add leaves work that is done once when it is enqueued again", async () => {
    start();
    for (const [n, point] of (["enqueue:after-reserve", "enqueue:after-add"] as const).entries()) {
      kit.crashAt(point);
      await expect(kit.semel.enqueue(job, { n })).rejects.toBeInstanceOf(SimulatedCrash);
      expect(await kit.semel.enqueue(job, { n })).toMatchObject({ outcome: "duplicate" });
      // Before the next: a follow-up is enqueued too, and comes by the same points.
      expect(await kit.drain()).toMatchObject({ completed: 2 });
    }
    expect(effects.filter((effect) => effect === "work")).toHaveLength(2);
  });

  it("enqueue:after-unreserve leaves nothing", async () => {
    const hashed = defineJob({
      type: "hashed",
      payload: z.object({ n: z.number(), text: z.string() }),
      correlation: ["n"],
    });
    kit = createTestKit({ processors: [processor(hashed, async () => {})] });
    kit.crashAt("enqueue:after-reserve");
    await expect(kit.semel.enqueue(hashed, { n: 1, text: "a" })).rejects.toBeInstanceOf(SimulatedCrash);
    await kit.advance("61s");
    kit.crashAt("enqueue:after-unreserve");
    await expect(kit.semel.enqueue(hashed, { n: 1, text: "b" })).rejects.toBeInstanceOf(SimulatedCrash);
    expect(await kit.semel.find(hashed, { n: 1 })).toBeUndefined();
    expect(await kit.semel.enqueue(hashed, { n: 1, text: "b" })).toMatchObject({ outcome: "created" });
  });

  it.each(["redrive:after-record", "redrive:after-add"] as const)(
    "%s leaves a letter that is redriven again, under the same id",
    async (point) => {
      let isBroken = true;
      start(() => {
        if (isBroken) throw new NonRetryableError("broken");
        return "mended";
      });
      const { id } = await kit.semel.enqueue(job, { n: 1 });
      await kit.drain();
      isBroken = false;
      kit.crashAt(point);
      await expect(kit.semel.deadLetters.redrive(id)).rejects.toBeInstanceOf(SimulatedCrash);
      const { id: between } = (await kit.semel.status(id)) ?? {};
      expect(between).not.toBe(id);
      expect(await kit.semel.deadLetters.get(id)).toBeDefined();
      expect(await kit.semel.deadLetters.redrive(id)).toBe(between);
      expect(await kit.semel.deadLetters.get(id)).toBeUndefined();
      await kit.drain();
      expect(await kit.semel.status(between ?? "")).toMatchObject({ state: "completed", result: "mended" });
      expect(effects.filter((effect) => effect === "work")).toHaveLength(2);
    },
  );

  it("cancel:after-record of a running job leaves a cancel that its worker hears of with its next renewal", async () => {
    kit = createTestKit({
      processors: [
        processor(told, ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", reject))),
      ],
    });
    const { id } = await kit.semel.enqueue(told, { n: 1 });
    await kit.waitForEvent("attempt.started");
    kit.crashAt("cancel:after-record");
    await expect(kit.semel.cancel(id)).rejects.toBeInstanceOf(SimulatedCrash);
    await kit.advance("9s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "running" });
    await kit.advance("2s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "cancelled" });
  });
});
