import { createSemel, defineJob, processor, type Semel, type SemelEvent } from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

/** Two deployments at once: each has a definition of its own, and they share nothing but the backend. */
const old = defineJob({ type: "embed", payload: z.object({ id: z.string() }), correlation: ["id"] });
const next = defineJob({
  type: "embed",
  version: 2,
  upcast: { 1: (was: { id: string }) => ({ ...was, model: "small" }) },
  payload: z.object({ id: z.string(), model: z.string() }),
  correlation: ["id"],
});

const semels: Semel[] = [];
afterEach(() => Promise.all(semels.splice(0).map((semel) => semel.close())));

function deployments() {
  const backend = memory();
  const clock = new VirtualClock();
  const events: SemelEvent[] = [];
  const deploy = (): Semel => {
    const semel = createSemel({
      ...{ ...backend, logger: false, runtime: { clock } },
      hooks: [{ onEvent: (event) => void events.push(event) }],
    });
    semels.push(semel);
    return semel;
  };
  return { clock, events, older: deploy(), newer: deploy() };
}

describe("two deployments with different versions", () => {
  it("a payload newer than the worker is held with a reason, fails nothing, and runs when a newer worker comes", async () => {
    const { clock, events, older, newer } = deployments();
    const ran: unknown[] = [];
    older.worker({ processors: [processor(old, async ({ payload }) => void ran.push(payload))] });
    const { id } = await newer.enqueue(next, { id: "a", model: "large" });
    await clock.advance(60_000);
    expect(ran).toEqual([]);
    expect(await older.status(id)).toMatchObject({ state: "pending", attempt: 1, crashes: 0, deferrals: 0 });
    expect(await older.explain(id)).toMatchObject([
      { code: "newer-version", text: expect.stringContaining("payload version 2, the living workers know 1") },
    ]);
    const held = events.filter(({ name }) => name === "delivery.held");
    expect(held.length).toBeGreaterThanOrEqual(3);
    expect(new Set(held.map((event) => event.name === "delivery.held" && event.reason))).toEqual(
      new Set(["newer-version"]),
    );

    newer.worker({ processors: [processor(next, async ({ payload }) => void ran.push(payload))] });
    await clock.advance(60_000);
    expect(ran).toEqual([{ id: "a", model: "large" }]);
    expect(await older.status(id)).toMatchObject({ state: "completed", attempt: 1 });
  });

  it("a payload older than the worker is brought up to date", async () => {
    const { clock, older, newer } = deployments();
    const ran: unknown[] = [];
    await older.enqueue(old, { id: "a" });
    newer.worker({ processors: [processor(next, async ({ payload }) => void ran.push(payload))] });
    await clock.advance(1_000);
    expect(ran).toEqual([{ id: "a", model: "small" }]);
  });

  it("the same work of two versions is one work, and no conflict", async () => {
    const { older, newer } = deployments();
    const first = await older.enqueue(old, { id: "a" });
    expect(await newer.enqueue(next, { id: "a", model: "large" })).toMatchObject({
      outcome: "duplicate",
      id: first.id,
    });
  });
});
