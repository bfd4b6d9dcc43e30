import { createSemel, defineJob, processor, SimulatedCrash } from "@semel/core";
import { localSignals } from "@semel/core/adapter";
import { MemoryQueue, MemoryStore, memory } from "@semel/core/memory";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, faulty, InjectedFault, type TestKit } from "../src/index.ts";

const job = defineJob({ type: "work", payload: z.object({ n: z.number() }), correlation: ["n"], result: z.string() });
const work = vi.fn(async () => "done");
const step = processor(job, ({ once }) => once("work", () => work()));

let kit: TestKit;
beforeEach(() => {
  work.mockReset().mockResolvedValue("done");
  kit = createTestKit({ processors: [step] });
});
afterEach(() => kit.close());
const what = () => kit.backend.happened.map((fault) => fault.what);

describe("a store that fails", () => {
  it("before it has written: the operation is asked for again, and the effect is not repeated", async () => {
    kit.backend.store.failNext("settle", { times: 3 });
    const { id } = await kit.semel.enqueue(job, { n: 1 });
    await kit.advance("10s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
    expect(what()).toEqual(Array(3).fill("store: settle failed before it was done"));
    expect(work).toHaveBeenCalledTimes(1);
  });

  it.each(["claim", "step-begin", "step-end", "settle", "reserve"] as const)(
    "after it has written, at %s: the reply is lost, and what is asked again is the same",
    async (point) => {
      kit.backend.store.failNext(point, { when: "after" });
      const enqueued = await kit.semel.enqueue(job, { n: 1 }).catch(() => undefined);
      const { id } = enqueued ?? (await kit.semel.enqueue(job, { n: 1 }));
      await kit.advance("10s");
      expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
      expect(work).toHaveBeenCalledTimes(1);
      expect(what()).toEqual([`store: ${point} failed after it was done: its reply is lost`]);
    },
  );

  it("by hanging: what goes through late, after others have taken over, is refused", async () => {
    kit.backend.store.hangNext("settle");
    const { id } = await kit.semel.enqueue(job, { n: 1 });
    await kit.advance("20s"); // no answer within 5 s: asked again, and answered
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed" });
    kit.backend.resume();
    await kit.advance("1s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", crashes: 0 });
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("only where it is asked to", async () => {
    const store = faulty(new MemoryStore());
    store.failNext("settle", { if: ({ as }) => as.state === "dead" });
    store.failNext("read", { if: ([keys]) => keys.includes("other") });
    const semel = createSemel({ ...memory(), store, logger: false });
    const worker = semel.worker({ processors: [step] });
    const { id } = await semel.enqueue(job, { n: 1 });
    await worker.idle();
    expect(await semel.status(id)).toMatchObject({ state: "completed" });
    expect(store.happened).toEqual([]);
    await expect(store.read(["other"])).rejects.toThrow(InjectedFault);
    await semel.close();
  });

  it("with an error of the test's own, or one that names the fault and the seed", async () => {
    const store = faulty(new MemoryStore(), { seed: 42 });
    store.failNext("workers");
    await expect(store.workers()).rejects.toThrow("store: workers failed before it was done (fault 1 of seed 42)");
    const own = new Error("ECONNRESET");
    store.failNext("workers", { error: own });
    await expect(store.workers()).rejects.toBe(own);
    await expect(store.workers()).resolves.toEqual([]);
  });

  it("by chance: the same seed, the same faults", async () => {
    const struck = async (seed: number): Promise<boolean[]> => {
      const store = faulty(new MemoryStore(), { seed });
      store.failNext("any", { chance: 0.3, times: Number.POSITIVE_INFINITY });
      const calls = Array.from({ length: 60 }, () => store.workers());
      return (await Promise.allSettled(calls)).map(({ status }) => status === "rejected");
    };
    const first = await struck(7);
    expect(await struck(7)).toEqual(first);
    expect(await struck(8)).not.toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(8);
    expect(first.filter(Boolean).length).toBeLessThan(30);
  });

  it("at a point or with a number there is none of: OPTION_INVALID", () => {
    const store = faulty(new MemoryStore());
    // @ts-expect-error: there is no such point
    expect(() => store.failNext("complete")).toThrow(/store.failNext: expected any, start, .*settle.*got "complete"/);
    expect(() => store.failNext("settle", { times: 0 })).toThrow(/times: expected a whole number/);
    expect(() => store.failNext("settle", { chance: 2 })).toThrow(/chance: expected a number above 0/);
    expect(() => faulty(new MemoryQueue()).delayNext({ by: "soon" as never })).toThrow(/delayNext.by: expected/);
    expect(() => faulty({} as MemoryStore)).toThrow(/faulty: expected a backend, a queue, a store or signals/);
    expect(() => faulty(new MemoryStore(), { seed: 0.5 })).toThrow(/faulty.seed/);
  });
});

describe("a queue that fails", () => {
  it("after it has added: the reply is lost, and the job is there once", async () => {
    kit.backend.queue.failNext("add", { when: "after" });
    const enqueuing = kit.semel.enqueue(job, { n: 1 });
    await kit.advance("1s");
    expect(await enqueuing).toMatchObject({ outcome: "created" });
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("by refusing: certainly not added, and no reservation stays", async () => {
    kit.backend.queue.refuseNext();
    await expect(kit.semel.enqueue(job, { n: 1 })).rejects.toMatchObject({ outcome: "refused" });
    expect(await kit.semel.find(job, { n: 1 })).toBeUndefined();
    expect(await kit.semel.enqueue(job, { n: 1 })).toMatchObject({ outcome: "created" });
  });

  it("by losing an acknowledgement: the job comes again, and is found finished", async () => {
    kit.backend.queue.failNext("ack");
    await kit.semel.enqueue(job, { n: 1 });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.semel.counts()).toMatchObject([{ running: 1 }]);
    await kit.advance("31s");
    expect(await kit.semel.counts()).toMatchObject([{ running: 0, pending: 0 }]);
    expect(kit.events.filter(({ name }) => name === "delivery.dropped")).toHaveLength(1);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("by delivering twice at once: one runs, the other waits and finds it finished", async () => {
    kit.backend.queue.duplicateNext();
    await kit.semel.enqueue(job, { n: 1 });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    await kit.advance("40s");
    expect(kit.events.filter(({ name }) => name === "delivery.held")).toHaveLength(1);
    expect(kit.events.filter(({ name }) => name === "delivery.dropped")).toHaveLength(1);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("by delivering late, and later than its hold", async () => {
    kit.backend.queue.delayNext({ by: "40s" });
    await kit.semel.enqueue(job, { n: 1 });
    await kit.advance("29s");
    expect(work).not.toHaveBeenCalled();
    await kit.advance("2s"); // the broker has delivered it again
    expect(work).toHaveBeenCalledTimes(1);
    await kit.advance("20s");
    expect(kit.events.filter(({ name }) => name === "delivery.dropped")).toHaveLength(1);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("by delivering in another order, which follows from the seed", async () => {
    const order = async (seed: number): Promise<number[]> => {
      const seen: number[] = [];
      const one = createTestKit({
        seed,
        processors: [processor(job, async ({ payload: { n } }) => String(seen.push(n)))],
      });
      one.backend.queue.reorderNext({ by: "1s", times: 8 });
      for (let n = 0; n < 8; n++) await one.semel.enqueue(job, { n });
      await one.advance("2s");
      await one.close();
      return seen;
    };
    const first = await order(3);
    expect([...first].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(first).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await order(3)).toEqual(first);
  });

  it("by taking a delivery back: whoever has it is told so, and its word does not count", async () => {
    const inner = new MemoryQueue();
    const queue = faulty(inner);
    const handled: string[] = [];
    const gate = Promise.withResolvers<void>();
    queue.takeBackNext();
    const consumer = await queue.consume("work", { concurrency: 5, holdMs: 60_000 }, async (delivery) => {
      handled.push(delivery.id);
      if (handled.length > 1) {
        await gate.promise;
        return { do: "ack" };
      }
      await vi.waitFor(() => expect(handled).toHaveLength(2));
      expect(await consumer.extend([delivery])).toEqual([delivery]);
      return { do: "return", delayMs: 1 };
    });
    await queue.add([{ id: "a", lane: "work", type: "work", envelope: "{}", delayMs: 0 }]);
    await vi.waitFor(() => expect(handled).toEqual(["a", "a"]));
    expect(await inner.has("work", "a")).toBe(true);
    gate.resolve();
    await vi.waitFor(async () => expect(await inner.has("work", "a")).toBe(false));
    expect(handled).toEqual(["a", "a"]);
    await consumer[Symbol.asyncDispose]();
  });
});

describe("a backend", () => {
  it("that is silent hands out nothing and answers nothing; when it is back, everything goes on", async () => {
    await kit.semel.enqueue(job, { n: 1 });
    await kit.drain();
    kit.backend.silence();
    const enqueuing = kit.semel.enqueue(job, { n: 2 }).catch((error: unknown) => error);
    await kit.advance("6s");
    expect(await enqueuing).toMatchObject({ code: "QUEUE_UNAVAILABLE", outcome: "unknown" });
    expect(work).toHaveBeenCalledTimes(1);
    kit.backend.resume();
    await kit.semel.enqueue(job, { n: 2 });
    await kit.advance("1s");
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("that restarts fails what is on its way, and loses acknowledgements; nothing is lost with them", async () => {
    const gate = Promise.withResolvers<string>();
    work.mockReturnValueOnce(gate.promise);
    const { id } = await kit.semel.enqueue(job, { n: 1 });
    await kit.waitForEvent("step.started");
    kit.backend.store.hangNext("read");
    const asking = kit.semel.status(id).catch((error: unknown) => error);
    await kit.clock.advance(0);
    kit.backend.restart();
    expect(await asking).toMatchObject({ code: "STORE_UNAVAILABLE", cause: { name: "InjectedFault" } });
    gate.resolve("done");
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.semel.counts()).toMatchObject([{ running: 1 }]);
    await kit.advance("31s");
    expect(await kit.semel.counts()).toMatchObject([{ running: 0 }]);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("is handed to createSemel whole or spread, and both of its ports write one diary", async () => {
    for (const backend of [faulty(memory()), { ...faulty(memory()) }]) {
      const semel = createSemel(backend);
      await semel.ready();
      await semel.close();
    }
    const backend = faulty({ ...memory(), signals: localSignals() }, { seed: 5 });
    backend.queue.failNext("lanes");
    backend.store.failNext("workers");
    backend.signals?.failNext("publish");
    const heard: string[] = [];
    await backend.signals?.subscribe("changed", (id) => void heard.push(id));
    backend.signals?.publish("changed", "a");
    backend.signals?.publish("changed", "b");
    await Promise.allSettled([backend.queue.lanes(), backend.store.workers()]);
    expect(heard).toEqual(["b"]);
    expect(backend.happened.map((fault) => fault.what)).toEqual([
      "signals: publish was lost",
      "queue: lanes failed before it was done",
      "store: workers failed before it was done",
    ]);
    expect(backend.seed).toBe(5);
  });
});

describe("a death", () => {
  it("cannot be caught: not a line of the processor runs after it", async () => {
    const after: string[] = [];
    const stubborn = createTestKit({
      processors: [
        processor(job, async ({ once }) => {
          try {
            await once("first", () => work());
          } catch {
            after.push("caught");
          } finally {
            after.push("went on");
          }
          return "done";
        }),
      ],
    });
    stubborn.crashAt("once:first:after-effect");
    const { id } = await stubborn.semel.enqueue(job, { n: 1 });
    expect(await stubborn.drain()).toMatchObject({ crashed: 1, completed: 0 });
    expect(after).toEqual([]);
    await stubborn.advance("31s");
    expect(await stubborn.semel.status(id)).toMatchObject({ state: "completed", crashes: 1 });
    expect(after).toEqual(["went on"]);
    await stubborn.close();
  });

  it("ends the steps beside it too: what they did then is not on record", async () => {
    const gate = Promise.withResolvers<string>();
    const second = vi.fn(() => gate.promise);
    const both = createTestKit({
      processors: [
        processor(job, async ({ once }) => {
          await Promise.all([once("first", () => work()), once("second", second)]);
          return "done";
        }),
      ],
    });
    both.crashAt("once:first:after-effect");
    await both.semel.enqueue(job, { n: 1 });
    await both.waitForEvent("step.started", ({ step: name }) => name === "second");
    gate.resolve("late");
    await both.advance("40s");
    expect(second).toHaveBeenCalledTimes(2);
    await both.close();
  });

  it("of whoever enqueues, cancels or redrives is an error of theirs, and can be played too", async () => {
    kit.crashAt("enqueue:after-reserve");
    await expect(kit.semel.enqueue(job, { n: 1 })).rejects.toBeInstanceOf(SimulatedCrash);
    expect(await kit.semel.enqueue(job, { n: 1 })).toMatchObject({ outcome: "duplicate", state: "pending" });
    expect(await kit.drain()).toMatchObject({ completed: 1 });

    const { id } = await kit.semel.enqueue(job, { n: 2 }, { delay: "1h" });
    kit.crashAt("cancel:after-record");
    await expect(kit.semel.cancel(id)).rejects.toBeInstanceOf(SimulatedCrash);
    expect(await kit.semel.status(id)).toMatchObject({ state: "cancelled" });
    await kit.advance("61m");
    expect(work).toHaveBeenCalledTimes(1);
  });
});
