import { createSemel, defineJob, processor, type SemelEvent, type SemelOptions } from "@semel/core";
import type { Consumer, JobStore, Queue } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

const job = defineJob({ type: "work", payload: z.object({ id: z.string() }), correlation: ["id"], result: z.string() });
const never = new Promise<never>(() => {});

/** The adapter, with one method that can be made silent, or fail. */
function switchable<T extends Queue | JobStore | Consumer>(
  inner: T,
  method: keyof T,
  faults: { how: "well" | "silent" | "failing" | "lost-reply" },
): T {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name !== method) return member.bind(target);
      return async (...args: unknown[]) => {
        if (faults.how === "silent") return never;
        if (faults.how === "failing") throw new Error("connection refused");
        const answer: unknown = await member.apply(target, args);
        return faults.how === "lost-reply" ? never : answer;
      };
    },
  });
}

const faults = { how: "well" } as { how: "well" | "silent" | "failing" | "lost-reply" };
let clock: VirtualClock;
const work = vi.fn(async () => "done");
beforeEach(() => {
  faults.how = "well";
  clock = new VirtualClock();
  work.mockReset().mockResolvedValue("done");
});
const open: ReturnType<typeof createSemel>[] = [];
const start = (backend: SemelOptions) => {
  const semel = createSemel({ ...backend, logger: false, runtime: { clock } });
  open.push(semel);
  return semel;
};
afterEach(async () => {
  faults.how = "well";
  await Promise.all([...open.splice(0).map((semel) => semel.close({ deadline: "0s" })), clock.advance(120_000)]);
});

/** Lets time pass while the promise is under way. */
const whileTimePasses = async <T>(ms: number, promise: Promise<T>): Promise<T> => {
  const settled = Promise.allSettled([promise]);
  await clock.advance(ms);
  await settled;
  return promise;
};

describe("a broker that is silent at enqueue", () => {
  it.each(["silent", "failing", "lost-reply"] as const)(
    "(%s) gives a typed error within the deadline, and the same id is safe to send again",
    async (how) => {
      const backend = memory();
      const semel = start({ ...backend, queue: switchable(backend.queue, "add", faults) });
      await semel.ready();
      faults.how = how;
      const failed = await whileTimePasses(
        6_000,
        semel.enqueue(job, { id: "a" }).catch((error: unknown) => error),
      );
      expect(failed).toMatchObject({
        code: "QUEUE_UNAVAILABLE",
        outcome: "unknown",
        isRetryable: true,
        id: expect.any(String),
      });
      faults.how = "well";
      const { id } = failed as { id: string };
      expect(await semel.enqueue(job, { id: "a" }, { id })).toMatchObject({ outcome: "created" });
      expect(await semel.enqueue(job, { id: "a" }, { id })).toMatchObject({ outcome: "created" });
      const worker = semel.worker({ processors: [processor(job, work)] });
      await whileTimePasses(1_000, worker.idle());
      expect(work).toHaveBeenCalledTimes(1);
    },
  );

  it("heals: the next caller of the same work adds a delivery that never arrived", async () => {
    const backend = memory();
    const semel = start({ ...backend, queue: switchable(backend.queue, "add", faults) });
    await semel.ready();
    faults.how = "silent";
    await whileTimePasses(
      6_000,
      semel.enqueue(job, { id: "a" }).catch(() => {}),
    );
    faults.how = "well";
    expect(await semel.counts()).toEqual([]);
    expect(await semel.enqueue(job, { id: "a" })).toMatchObject({ outcome: "duplicate", state: "pending" });
    expect(await semel.counts()).toMatchObject([{ pending: 1 }]);
    const worker = semel.worker({ processors: [processor(job, work)] });
    await whileTimePasses(1_000, worker.idle());
    expect(await semel.find(job, { id: "a" })).toMatchObject({ state: "completed", result: "done" });
  });

  it("is told of when it takes jobs again", async () => {
    const backend = memory();
    const events: SemelEvent[] = [];
    const semel = createSemel({
      ...backend,
      queue: switchable(backend.queue, "add", faults),
      logger: false,
      hooks: [{ onEvent: (event) => void events.push(event) }],
      runtime: { clock },
    });
    open.push(semel);
    faults.how = "failing";
    const refused = semel.enqueue(job, { id: "a" }).catch((error: unknown) => error);
    expect(await whileTimePasses(6_000, refused)).toMatchObject({ code: "QUEUE_UNAVAILABLE" });
    faults.how = "well";
    await semel.enqueue(job, { id: "a" });
    await semel.enqueue(job, { id: "b" });
    const back = events.filter((event) => event.name === "queue.available");
    expect(back).toEqual([expect.objectContaining({ failures: expect.any(Number) })]);
    expect(back[0]?.outageMs).toBeGreaterThan(1_000);
  });

  it("a queue that refuses leaves no reservation behind", async () => {
    const backend = memory();
    const refusing = new Proxy(backend.queue, {
      get: (target, name) => {
        if (name === "add" && faults.how === "failing") return async () => [{ is: "refused", error: new Error("OOM") }];
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const semel = start({ ...backend, queue: refusing });
    faults.how = "failing";
    await expect(semel.enqueue(job, { id: "a" })).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      outcome: "refused",
      cause: { message: "OOM" },
    });
    faults.how = "well";
    expect(await semel.find(job, { id: "a" })).toBeUndefined();
    expect(await semel.enqueue(job, { id: "a" })).toMatchObject({ outcome: "created" });
  });
});

describe("a store that is silent", () => {
  it("at enqueue gives a typed error within the deadline, and nothing has been added", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
    await semel.ready();
    faults.how = "silent";
    expect(
      await whileTimePasses(
        6_000,
        semel.enqueue(job, { id: "a" }).catch((error: unknown) => error),
      ),
    ).toMatchObject({ code: "QUEUE_UNAVAILABLE", outcome: "unknown" });
    expect(await semel.counts()).toEqual([]);
  });

  it("at a question gives STORE_UNAVAILABLE within the deadline", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "read", faults) });
    await semel.ready();
    faults.how = "silent";
    expect(
      await whileTimePasses(
        6_000,
        semel.find(job, { id: "a" }).catch((error: unknown) => error),
      ),
    ).toMatchObject({ code: "STORE_UNAVAILABLE", isRetryable: true });
  });

  it.each(["silent", "failing", "lost-reply"] as const)(
    "at claim (%s) loses nothing and burns no attempt",
    async (how) => {
      const backend = memory();
      const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
      const { id } = await semel.enqueue(job, { id: "a" });
      faults.how = how;
      semel.worker({ processors: [processor(job, work)] });
      await clock.advance(40_000);
      expect(work).not.toHaveBeenCalled();
      faults.how = "well";
      await clock.advance(120_000);
      // A claim that went through unanswered is no crash of anybody's.
      expect(await semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
      expect(work).toHaveBeenCalledTimes(1);
    },
  );

  it("is told of when it answers again, in few lines however often it was asked", async () => {
    const backend = memory();
    const lines: string[] = [];
    const log = (_: object, message?: string) => void lines.push(message ?? "");
    const events: SemelEvent[] = [];
    const semel = createSemel({
      ...backend,
      store: switchable(switchable(backend.store, "apply", faults), "beat", faults),
      logger: { debug() {}, info: log, warn: log, error: log },
      hooks: [{ onEvent: (event) => void events.push(event) }],
      runtime: { clock },
    });
    open.push(semel);
    const gate = Promise.withResolvers<string>();
    work.mockReturnValue(gate.promise);
    semel.worker({ processors: [processor(job, work)] });
    await semel.enqueue(job, { id: "a" });
    await clock.advance(100);
    lines.length = 0;
    faults.how = "failing";
    gate.resolve("done");
    await clock.advance(9_500);
    faults.how = "well";
    await clock.advance(2_000);
    const failed = events.filter(({ name }) => name === "store.unavailable").length;
    expect(failed).toBeGreaterThan(8);
    const back = events.filter((event) => event.name === "store.available");
    expect(back).toEqual([expect.objectContaining({ failures: failed })]);
    expect(back[0]?.outageMs).toBeGreaterThan(9_000);
    expect(back[0]?.outageMs).toBeLessThan(12_000);
    expect(lines).toEqual([
      "the job store did not answer (settle): connection refused",
      expect.stringMatching(/^the job store answers again, after \d+(\.\d)? s \(\d+ failed\)$/),
    ]);
  });

  it("for many minutes at claim leaves a job alive that never ran", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
    const { id } = await semel.enqueue(job, { id: "a" });
    faults.how = "lost-reply";
    semel.worker({ processors: [processor(job, work)] });
    await clock.advance(480_000);
    faults.how = "well";
    await clock.advance(120_000);
    expect(await semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
  });

  it("at the first heartbeat does not keep a worker from being closed", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "beat", faults) });
    faults.how = "silent";
    const worker = semel.worker({ processors: [processor(job, work)] });
    await clock.advance(1_000);
    await whileTimePasses(30_000, worker.close({ deadline: "1s" }));
    expect(worker.isReady).toBe(false);
  });

  it("while the heartbeat is sent does not end the heartbeats", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "beat", faults) });
    semel.worker({ processors: [processor(job, work)] });
    await clock.advance(1_000);
    faults.how = "silent";
    await clock.advance(60_000);
    expect(await semel.workers()).toEqual([]);
    faults.how = "well";
    await clock.advance(20_000);
    expect(await semel.workers()).toHaveLength(1);
  });

  it.each(["silent", "failing", "lost-reply"] as const)(
    "at settle (%s) is asked again until it answers; the work is not done twice",
    async (how) => {
      const backend = memory();
      const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
      work.mockImplementation(async () => {
        faults.how = how;
        return "done";
      });
      semel.worker({ processors: [processor(job, work)] });
      const { id } = await semel.enqueue(job, { id: "a" });
      await clock.advance(20_000);
      faults.how = "well";
      await clock.advance(60_000);
      expect(await semel.status(id)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
      expect(work).toHaveBeenCalledTimes(1);
    },
  );

  it("for longer than the lease fences the run off: its signal fires and it begins no further step", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
    const heard: unknown[] = [];
    const effects: number[] = [];
    const slow = processor(job, async ({ signal, once }) => {
      await once("first", () => effects.push(1));
      faults.how = "silent";
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      heard.push((signal.reason as { reason: string }).reason, clock.monotonic());
      heard.push(await once("second", () => effects.push(2)).catch((error: { code: string }) => error.code));
      throw new Error("stopped");
    });
    semel.worker({ processors: [slow] });
    await semel.enqueue(job, { id: "a" });
    await clock.advance(31_000);
    expect(heard).toEqual(["lease-lost", expect.any(Number), "LEASE_LOST"]);
    expect(heard[1]).toBeGreaterThanOrEqual(25_000);
    expect(heard[1]).toBeLessThan(25_100);
    expect(effects).toEqual([1]);
  });

  it("a run whose lease another took over writes nothing, and its delivery is not acknowledged", async () => {
    const backend = memory();
    const semel = start({ ...backend, store: switchable(backend.store, "apply", faults) });
    const events: string[] = [];
    const watched = start({ ...backend, hooks: [{ onEvent: ({ name }) => void events.push(name) }] });
    let finish = (_: string): void => {};
    watched.worker({
      processors: [
        processor(
          job,
          () =>
            new Promise<string>((resolve) => {
              finish = resolve;
            }),
        ),
      ],
    });
    const { id } = await watched.enqueue(job, { id: "a" });
    await clock.advance(0);
    const [record] = await backend.store.read([id.slice(0, 32)]);
    // What another worker does after this one's lease ran out, without this one noticing.
    await clock.advance(1_000);
    const key = id.slice(0, 32);
    const other = {
      op: "settle",
      key,
      owner: record?.owner ?? "",
      fence: record?.fence ?? 0,
      as: { state: "retrying", counts: "nothing", delayMs: 0, error: undefined },
    } as const;
    const claim = {
      op: "claim",
      key,
      id,
      owner: "other:1",
      type: "work",
      lane: "work",
      tenant: undefined,
      fingerprint: record?.fingerprint,
      version: 1,
      delayMs: 0,
      deadlineMs: 1_000_000,
      leaseMs: 30_000,
      maxCrashes: 3,
    } as const;
    await backend.store.apply([other, claim]);
    finish("mine");
    await clock.advance(0);
    expect(events).toContain("attempt.lost");
    expect(events).not.toContain("attempt.completed");
    expect(await semel.status(id)).toMatchObject({ state: "running", result: undefined });
    expect(await backend.queue.has("work", id)).toBe(true);
  });
});

describe("a queue that is silent", () => {
  it("at extend neither stops the renewals nor the fence", async () => {
    const backend = memory();
    const consumed = new Proxy(backend.queue, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "consume") return member.bind(target);
        return async (...args: Parameters<Queue["consume"]>) =>
          switchable(await target.consume(...args), "extend", faults);
      },
    });
    const semel = start({ ...backend, queue: consumed });
    const heard: unknown[] = [];
    const slow = processor(
      job,
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            heard.push((signal.reason as { reason: string }).reason);
            reject(signal.reason);
          });
        }),
    );
    const { id } = await semel.enqueue(job, { id: "a" });
    semel.worker({ processors: [slow] });
    await clock.advance(0);
    faults.how = "silent";
    await clock.advance(29_000);
    const [record] = await backend.store.read([id.slice(0, 32)]);
    expect(heard).toEqual([]);
    expect(record).toMatchObject({ state: "running", crashes: 0 });
    expect((record?.leaseUntil ?? 0) - clock.now()).toBeGreaterThan(15_000);
  });

  it("at everything, together with the store, still lets close() come to an end", async () => {
    const backend = memory();
    const silentAll = <T extends object>(inner: T): T =>
      new Proxy(inner, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => (faults.how === "silent" ? never : member.apply(target, args));
        },
      });
    const store = silentAll(backend.store);
    const semel = start({ ...backend, queue: silentAll(backend.queue), store });
    const { id } = await semel.enqueue(job, { id: "a" });
    semel.worker({ processors: [processor(job, () => never)] });
    await clock.advance(1_000);
    faults.how = "silent";
    expect(
      await whileTimePasses(
        20_000,
        semel.cancel(id).catch((error: unknown) => error),
      ),
    ).toMatchObject({ code: "STORE_UNAVAILABLE" });
    let closed = false;
    const closing = semel.close({ deadline: "1s" }).then(() => {
      closed = true;
    });
    await clock.advance(90_000);
    expect(closed).toBe(true);
    await closing;
  });
});

describe("a burst", () => {
  it("waits in line, not within its deadline; when the broker falls silent, those in line are told at once", async () => {
    const backend = memory();
    let slow = true;
    const queue = new Proxy(backend.queue, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "add") return member.bind(target);
        return async (...args: unknown[]) => {
          if (faults.how === "silent") return never;
          if (slow) await new Promise<void>((resolve) => void clock.timer(1_000, resolve));
          return member.apply(target, args);
        };
      },
    });
    const semel = start({ ...backend, queue });
    await semel.ready();
    const burst = (from: number) =>
      Promise.allSettled(Array.from({ length: 4_000 }, (_, index) => semel.enqueue(job, { id: `${from + index}` })));
    const enqueued = burst(0);
    await clock.advance(60_000);
    expect((await enqueued).filter(({ status }) => status === "rejected")).toEqual([]);
    slow = false;
    faults.how = "silent";
    const refused = burst(10_000);
    await clock.advance(6_000);
    const outcomes = (await refused).map((one) => (one.status === "rejected" ? one.reason.outcome : "created"));
    expect(outcomes.filter((outcome) => outcome === "unknown")).toHaveLength(500);
    expect(outcomes.filter((outcome) => outcome === "refused")).toHaveLength(3_500);
  });
});
