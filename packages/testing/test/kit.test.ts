import { DeferError, defineJob, NonRetryableError, processor, RetryAfterError } from "@semel/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, exercise, type TestKit } from "../src/index.ts";

const job = defineJob({
  type: "reembed",
  tenant: "required",
  correlation: ["entityId", "revision"],
  payload: z.object({ entityId: z.string(), revision: z.number() }),
  result: z.object({ tokens: z.number() }),
});
const charge = vi.fn(async (_entity: string, _key: string) => ({ tokens: 7 }));
const reembed = processor(job, ({ payload, once }) => once("embed", ({ key }) => charge(payload.entityId, key)));

let kit: TestKit;
beforeEach(() => {
  charge.mockReset().mockResolvedValue({ tokens: 7 });
  kit = createTestKit({ processors: [reembed] });
});
afterEach(() => kit.close());
const enqueue = () => kit.semel.forTenant("org-1").enqueue(job, { entityId: "e1", revision: 1 });

describe("createTestKit", () => {
  it("retries a transient failure, and never before the server's hint", async () => {
    charge.mockRejectedValueOnce(new RetryAfterError("20s"));
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ retried: 1, completed: 0 });
    expect(await kit.advance("19s")).toMatchObject({ completed: 0 });
    expect(await kit.advance("10s")).toMatchObject({ completed: 1 });
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", attempt: 2, result: { tokens: 7 } });
  });

  it("recognises a duplicate, waiting or finished", async () => {
    const first = await enqueue();
    expect(await enqueue()).toMatchObject({ outcome: "duplicate", id: first.id });
    await kit.drain();
    const replay = await enqueue();
    expect(replay.outcome === "replayed" && replay.value?.tokens).toBe(7);
    expect(charge).toHaveBeenCalledTimes(1);
  });

  it("gives the provider the same key after a crash between effect and record", async () => {
    kit.crashAt("once:embed:after-effect");
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ crashed: 1 });
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    expect(charge).toHaveBeenCalledTimes(2);
    expect(charge.mock.calls[1]?.[1]).toBe(charge.mock.calls[0]?.[1]);
  });

  it.each([
    "claim:after",
    "once:embed:before-effect",
    "once:embed:after-record",
    "settle:before",
    "settle:after",
    "ack:before",
  ] as const)("survives a worker that dies at %s, at the price of at most one call", async (point) => {
    kit.crashAt(point);
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ crashed: 1 });
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", attempt: 1 });
    expect(charge).toHaveBeenCalledTimes(1);
  });

  it("sets a job aside whose worker dies every time, without burning an attempt", async () => {
    kit.crashAt("once:embed:before-effect", { times: 10 });
    const { id } = await enqueue();
    await kit.drain();
    for (let death = 0; death < 5; death++) await kit.advance("31s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", reason: "CRASH_LOOP", crashes: 4, attempt: 1 });
  });

  it("repeats no effect in 200 seeded schedules when the provider honours the key", { timeout: 30_000 }, async () => {
    const charged = new Set<string>();
    charge.mockImplementation(async (_entity, key) => {
      charged.add(key);
      return { tokens: 7 };
    });
    const report = await exercise(reembed, {
      payload: { entityId: "e2", revision: 1 },
      tenant: "org-1",
      seeds: 200,
      effects: () => charged.size,
    });
    expect(report).toMatchObject({ repeated: 0, seeds: 200, completed: 200 });
    expect(report.crashes).toBeGreaterThan(50);
  });

  it("finds the repeats of a processor that ignores the key, and names the seeds", { timeout: 30_000 }, async () => {
    let charges = 0;
    const careless = processor(job, async () => {
      charges++;
      return { tokens: 7 };
    });
    const report = await exercise(careless, {
      payload: { entityId: "e3", revision: 1 },
      tenant: "org-1",
      seeds: 50,
      effects: () => charges,
    });
    expect(report.repeated).toBeGreaterThan(0);
    expect(report.problems.length).toBeGreaterThan(0);
  });

  it("defers without burning an attempt, and dead-letters at once what cannot be helped", async () => {
    charge.mockRejectedValueOnce(new DeferError("busy", "10s"));
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ deferred: 1 });
    charge.mockRejectedValueOnce(new NonRetryableError("gone"));
    expect(await kit.advance("12s")).toMatchObject({ dead: 1 });
    expect(await kit.semel.status(id)).toMatchObject({
      state: "dead",
      reason: "NON_RETRYABLE",
      attempt: 1,
      deferrals: 1,
    });
  });

  it("resolves a wait for an event that has been", async () => {
    await enqueue();
    await kit.drain();
    expect(await kit.waitForEvent("attempt.completed", (event) => event.tenant === "org-1")).toMatchObject({
      type: "reembed",
      steps: 1,
    });
  });

  it("drain explains itself when a processor waits for time to pass", async () => {
    const waits = createTestKit({
      processors: [
        processor(
          job,
          ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ),
      ],
    });
    await waits.semel.forTenant("t").enqueue(job, { entityId: "e", revision: 1 });
    await expect(waits.drain()).rejects.toThrow(/needs kit.advance/);
    expect(await waits.advance("16m")).toMatchObject({ retried: 1 });
    await waits.close();
  }, 15_000);
});
