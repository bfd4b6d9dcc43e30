import { createSemel, defineJob, processor, type SemelEvent } from "@semel/core";
import type { JobStore } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

const job = defineJob({ type: "work", payload: z.object({ id: z.string() }), correlation: ["id"] });

/** A Semel whose store is a server with a clock of its own. */
function onServer() {
  const clock = new VirtualClock();
  const server = { aheadMs: 0, answerMs: 0 };
  const backend = memory();
  const serverTime = {
    now: () => clock.now() + server.aheadMs,
    monotonic: () => clock.monotonic(),
    timer: clock.timer.bind(clock),
  };
  const store: JobStore = new Proxy(backend.store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name === "start") return (host: object) => member.call(target, { ...host, clock: serverTime });
      if (name !== "beat" || server.answerMs === 0) return member.bind(target);
      return async (...args: unknown[]) => {
        const answer: unknown = await member.apply(target, args);
        await new Promise<void>((resolve) => void clock.timer(server.answerMs, resolve));
        return answer;
      };
    },
  });
  const events: SemelEvent[] = [];
  const semel = createSemel({
    ...backend,
    store,
    logger: false,
    runtime: { clock },
    hooks: [{ onEvent: (event: SemelEvent) => void events.push(event) }],
  });
  const done: string[] = [];
  const start = () =>
    semel.worker({ processors: [processor(job, async ({ payload }) => void done.push(payload.id))], concurrency: 2 });
  const named = (name: SemelEvent["name"]) => events.filter((event) => event.name === name);
  cleanUp.push(async () => {
    const closing = semel.close({ deadline: "0s" });
    await clock.advance(60_000);
    await closing;
  });
  return { clock, server, semel, done, start, named };
}

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0)) await clean();
});

describe("a worker whose clock is off the store's", () => {
  it.each([-3_600_000, 2_500])(
    "takes nothing from the start (%i ms), and begins when the clock is right",
    async (aheadMs) => {
      const { clock, server, semel, done, start, named } = onServer();
      server.aheadMs = aheadMs;
      const worker = start();
      const { id } = await semel.enqueue(job, { id: "a" });
      await clock.advance(30_000);
      expect(done).toEqual([]);
      expect(worker.isReady).toBe(false);
      expect(named("worker.unready")).toMatchObject([{ error: { code: "CLOCK_SKEW" } }]);
      expect(named("worker.problem")).toEqual([]);
      expect((await semel.explain(id))[0]).toMatchObject({ code: "worker-unready" });
      server.aheadMs = 0;
      await clock.advance(10_000);
      expect(worker.isReady).toBe(true);
      expect(done).toEqual(["a"]);
    },
  );

  it("stops taking jobs when it goes wrong on the way, and goes on when it is mended", async () => {
    const { clock, server, semel, done, start, named } = onServer();
    const worker = start();
    await semel.enqueue(job, { id: "a" });
    await clock.advance(1_000);
    expect([done, worker.isReady]).toEqual([["a"], true]);
    server.aheadMs = 5_000;
    await clock.advance(11_000);
    expect(worker.isReady).toBe(false);
    expect(named("worker.unready")).toMatchObject([{ error: { code: "CLOCK_SKEW", message: /5000 ms behind/ } }]);
    await semel.enqueue(job, { id: "b" });
    await clock.advance(5_000);
    expect(done).toEqual(["a"]);
    server.aheadMs = 0;
    await clock.advance(3_000);
    expect(named("worker.ready")).toHaveLength(1);
    expect([done, worker.isReady]).toEqual([["a", "b"], true]);
  });

  it("is not taken for wrong because an answer took long", async () => {
    const { clock, server, done, semel, start, named } = onServer();
    const worker = start();
    await clock.advance(1_000);
    server.answerMs = 4_000;
    await clock.advance(60_000);
    await semel.enqueue(job, { id: "a" });
    await clock.advance(1_000);
    expect([done, worker.isReady, named("worker.unready")]).toEqual([["a"], true, []]);
  });
});
