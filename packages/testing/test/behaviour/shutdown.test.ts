import { defineJob, processor } from "@semel/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const job = defineJob({ type: "work", payload: z.object({ id: z.string() }), correlation: ["id"] });

let kit: TestKit;
let gates: Map<string, PromiseWithResolvers<void>>;
/** Runs until its gate opens; `deaf` ones do not listen to their signal. */
const waiting = processor(job, async ({ payload: { id }, signal }) => {
  const gate = Promise.withResolvers<void>();
  gates.set(id, gate);
  if (!id.startsWith("deaf")) signal.addEventListener("abort", () => gate.reject(signal.reason));
  await gate.promise;
});
beforeEach(() => {
  gates = new Map();
  kit = createTestKit({
    processors: [processor(defineJob({ type: "other", payload: z.any(), correlation: "none" }), async () => {})],
  });
});
afterEach(() => kit.close());

const run = async (...names: string[]) => {
  const worker = kit.semel.worker({ processors: [waiting] });
  await kit.clock.advance(0);
  const ids: string[] = [];
  for (const id of names) ids.push((await kit.semel.enqueue(job, { id })).id);
  await kit.clock.advance(0);
  expect([...gates.keys()]).toEqual(names);
  return { worker, ids };
};

describe("worker.close", () => {
  it("stops fetching at once, and what runs may finish until the deadline", async () => {
    const { worker, ids } = await run("a", "b");
    const closing = worker.close({ deadline: "25s" });
    const { id: late } = await kit.semel.enqueue(job, { id: "late" });
    await kit.advance("20s");
    expect([...gates.keys()]).toEqual(["a", "b"]);
    gates.get("a")?.resolve();
    gates.get("b")?.resolve();
    await kit.advance("1s");
    expect(await closing).toEqual({ finished: ids, released: [], leftBehind: [] });
    expect(await kit.semel.status(late)).toMatchObject({ state: "pending" });
  });

  it("then tells them to stop, and gives them back: at once to be had, and no attempt counted", async () => {
    const { worker, ids } = await run("a", "b");
    const closing = worker.close({ deadline: "25s" });
    gates.get("a")?.resolve();
    await kit.advance("26s");
    expect(await closing).toEqual({ finished: [ids[0]], released: [ids[1]], leftBehind: [] });
    expect(await kit.semel.status(ids[1] ?? "")).toMatchObject({ state: "retrying", attempt: 1, crashes: 0 });
    expect(kit.events.findLast(({ name }) => name === "worker.stopped")).toMatchObject({
      finished: 1,
      released: 1,
      leftBehind: 0,
    });
    kit.semel.worker({ processors: [processor(job, async () => {})] });
    await kit.advance("1s");
    expect(await kit.semel.status(ids[1] ?? "")).toMatchObject({ state: "completed", attempt: 1 });
  });

  it("an attempt that failed by itself meanwhile has finished: it is counted, and was not released", async () => {
    const { worker, ids } = await run("a");
    const closing = worker.close({ deadline: "25s" });
    gates.get("a")?.reject(new Error("no route to host"));
    await kit.advance("1s");
    expect(await closing).toEqual({ finished: ids, released: [], leftBehind: [] });
    expect(await kit.semel.status(ids[0] ?? "")).toMatchObject({
      state: "retrying",
      error: { message: "no route to host" },
    });
  });

  it("leaves behind whoever ignores the signal, and says so", async () => {
    const { worker, ids } = await run("deaf", "b");
    const closing = worker.close({ deadline: "5s" });
    await kit.advance("10s");
    expect(await closing).toEqual({ finished: [], released: [ids[1]], leftBehind: [ids[0]] });
    expect(kit.events.filter(({ name }) => name === "attempt.runaway")).toMatchObject([
      { id: ids[0], reason: "shutdown" },
    ]);
    expect(await kit.semel.status(ids[0] ?? "")).toMatchObject({ state: "retrying", crashes: 0 });
  });

  it("leaves behind what it cannot give back, because the store is silent: a crash is counted when it is taken over", async () => {
    const { worker, ids } = await run("a");
    kit.backend.store.hangNext("settle", { times: Number.POSITIVE_INFINITY });
    const closing = worker.close({ deadline: "5s" });
    await kit.advance("30s");
    expect(await closing).toEqual({ finished: [], released: [], leftBehind: ids });
    kit.backend.store.restart();
    kit.backend.resume();
    kit.semel.worker({ processors: [processor(job, async () => {})] });
    await kit.advance("40s");
    expect(await kit.semel.status(ids[0] ?? "")).toMatchObject({ state: "completed", crashes: 1 });
  });

  it("closing again is one close; the deadline that ends sooner counts", async () => {
    const { worker, ids } = await run("a");
    const closing = worker.close({ deadline: "1h" });
    await kit.advance("10s");
    const again = worker.close({ deadline: "5s" });
    void worker.close({ deadline: "2h" });
    await kit.advance("4s");
    expect(await kit.semel.status(ids[0] ?? "")).toMatchObject({ state: "running" });
    await kit.advance("2s");
    expect(await again).toEqual({ finished: [], released: ids, leftBehind: [] });
    expect(await closing).toBe(await again);
  });

  it("of a whole Semel says the same of all its workers, to who asks", async () => {
    const { ids } = await run("a", "b");
    gates.get("b")?.resolve();
    const told: unknown[] = [];
    const closing = kit.semel.close({ deadline: "1s", onClosed: (closed) => told.push(closed) });
    await kit.advance("10s");
    await closing;
    expect(told).toEqual([{ finished: [ids[1]], released: [ids[0]], leftBehind: [] }]);
  });
});

describe("an attempt that is to stop", () => {
  const deaf = (options: object) =>
    processor(
      defineJob({ type: "deaf", payload: z.any(), correlation: "none", ...options }),
      () => new Promise<never>(() => {}),
    );

  it.each([
    ["timeout", { timeout: "10s" }],
    ["its job's deadline", { deadline: "10s" }],
  ] as const)("at its %s, and ignores its signal, is a runaway: its slot is taken back", async (_, options) => {
    const one = deaf({ ...options, retry: { maxAttempts: 1 } });
    const worker = kit.semel.worker({ processors: [one], concurrency: 1 });
    await kit.clock.advance(0);
    const first = await kit.semel.enqueue(one.job as never, {} as never);
    const second = await kit.semel.enqueue(one.job as never, {} as never);
    await kit.advance("12s");
    expect(kit.events.filter(({ name }) => name === "attempt.runaway")).toEqual([]);
    await kit.advance("2s");
    expect(kit.events.filter(({ name }) => name === "attempt.runaway")).toMatchObject([
      { id: first.id, reason: "timeout" },
    ]);
    expect(await kit.semel.status(first.id)).toMatchObject({ state: "dead", error: { code: "TIMEOUT" } });
    await kit.advance("1s");
    expect((await kit.semel.status(second.id))?.state).not.toBe("pending");
    const closing = worker.close({ deadline: "0s" });
    await kit.advance("10s");
    await closing;
  });
});
