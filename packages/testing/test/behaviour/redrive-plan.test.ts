import { createSemel, defineJob, NonRetryableError, processor, type RedriveProgress, type Semel } from "@semel/core";
import type { Queue } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const payload = z.object({ id: z.string() });
const job = defineJob({ type: "work", payload, correlation: ["id"], result: z.unknown() });

let kit: TestKit;
const semels: Semel[] = [];
afterEach(async () => {
  await Promise.all(semels.splice(0).map((semel) => semel.close()));
  await kit?.close();
});

/** A worker whose jobs die as long as `broken` says so, and what it paid for. */
function fragile() {
  const state = { broken: true, runs: [] as string[], paid: [] as string[] };
  const work = processor(job, async ({ payload: { id }, once }) => {
    state.runs.push(id);
    await once("pay", () => state.paid.push(id));
    if (state.broken) throw new NonRetryableError(`no use for ${id}`);
    return "done";
  });
  return { state, work };
}

async function die(of: TestKit, ...ids: readonly string[]): Promise<readonly string[]> {
  const died: string[] = [];
  for (const id of ids) {
    died.push((await of.semel.enqueue(job, { id })).id);
    await of.advance("1s");
  }
  return died;
}

const letters = async (semel: Semel): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { id } of semel.deadLetters.list({ limit: Number.POSITIVE_INFINITY })) ids.push(id);
  return ids;
};

describe("a plan", () => {
  it("says what would become of each letter and why, and changes nothing", async () => {
    const { state, work } = fragile();
    const gone = defineJob({ type: "gone", payload, correlation: ["id"] });
    kit = createTestKit({ processors: [work] });
    const other = kit.semel.worker({
      processors: [
        processor(gone, async () => {
          throw new NonRetryableError("no");
        }),
      ],
    });
    await kit.semel.enqueue(gone, { id: "unattended" });
    await kit.drain();
    await other.close();
    const [, , done = "", waiting = ""] = await die(kit, "a", "b", "done since", "waits again");
    state.broken = false;
    await kit.semel.enqueue(job, { id: "done since" });
    await kit.advance("1s");
    await kit.semel.enqueue(job, { id: "waits again" }, { delay: "1h" });
    const before = await letters(kit.semel);

    const plan = await kit.semel.deadLetters.plan();
    expect(plan).toMatchObject({
      total: 5,
      counts: { runs: 2, waits: 0, resumes: 0, replayed: 1, superseded: 1, refused: 1 },
    });
    expect(plan.groups).toEqual([
      { type: "work", reason: "NON_RETRYABLE", becomes: "runs", why: undefined, count: 2, sample: expect.any(String) },
      expect.objectContaining({ becomes: "superseded", why: "JOB_SUPERSEDED", sample: waiting }),
      expect.objectContaining({ becomes: "replayed", why: "JOB_REPLAYED", sample: done }),
      expect.objectContaining({ type: "gone", becomes: "refused", why: "TYPE_UNATTENDED" }),
    ]);
    expect(await letters(kit.semel)).toEqual(before);
    expect(state.runs).toHaveLength(5);

    const running = plan.run();
    await kit.advance("1s");
    const report = await running;
    expect(report.redriven).toBe(2);
    expect(report.refused).toMatchObject([{ code: "TYPE_UNATTENDED", count: 1 }]);
    expect(report).toMatchObject({ total: 5, looked: 5, replayed: 1, superseded: 1, gone: 0, ended: "all" });
  });

  it("forecasts what will have to wait: for a newer worker, or because its lane is paused", async () => {
    const { work } = fragile();
    kit = createTestKit({ processors: [work] });
    await die(kit, "a");
    await kit.semel.pause({ type: "work" });
    expect((await kit.semel.deadLetters.plan()).groups).toMatchObject([{ becomes: "waits", why: "paused" }]);
    await kit.semel.resume({ type: "work" });

    const newer = defineJob({ type: "newer", version: 2, upcast: { 1: (old) => old }, payload, correlation: ["id"] });
    const older = defineJob({ type: "newer", payload, correlation: ["id"] });
    const dies = async (): Promise<never> => {
      throw new NonRetryableError("no");
    };
    const now = kit.semel.worker({ processors: [processor(newer, dies)] });
    await kit.semel.enqueue(newer, { id: "a" });
    await kit.drain();
    await now.close();
    kit.semel.worker({ processors: [processor(older, dies)] });
    await kit.clock.advance(0);
    const plan = await kit.semel.deadLetters.plan({ type: "newer" });
    expect(plan.groups).toMatchObject([{ becomes: "waits", why: "newer-version", count: 1 }]);
  });

  it("refuses what it cannot read, and what has been brought back too often", async () => {
    const { work } = fragile();
    kit = createTestKit({ processors: [work] });
    await die(kit, "again and again");
    for (let time = 0; time < 3; time++) {
      const running = (await kit.semel.deadLetters.plan()).run();
      await kit.advance("1s");
      expect(await running).toMatchObject({ redriven: 1, refused: [] });
    }
    const plan = await kit.semel.deadLetters.plan();
    expect(plan.groups).toMatchObject([{ becomes: "refused", why: "REDRIVES_SPENT", count: 1 }]);
    expect(await plan.run()).toMatchObject({ redriven: 0, refused: [{ code: "REDRIVES_SPENT", count: 1 }] });
    expect((await kit.semel.deadLetters.plan({ maxRedrives: 4 })).counts.runs).toBe(1);
  });

  it("of nothing is an empty one", async () => {
    kit = createTestKit({ processors: [fragile().work] });
    const plan = await kit.semel.deadLetters.plan({ newerThan: "1h" });
    expect(plan).toMatchObject({ total: 0, groups: [] });
    expect(await plan.run()).toMatchObject({ total: 0, looked: 0, redriven: 0, ended: "all" });
  });
});

describe("running a plan", () => {
  it("brings back each once, keeps what was paid for, and says so", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    const died = await die(kit, "a", "b", "c");
    state.broken = false;
    const seen: RedriveProgress[] = [];
    const plan = await kit.semel.deadLetters.plan({ reason: "NON_RETRYABLE" });
    const running = plan.run({ onProgress: (progress) => seen.push(progress) });
    await kit.advance("1s");
    expect(await running).toEqual({
      ...{ total: 3, looked: 3, redriven: 3, already: 0, replayed: 0, superseded: 0, gone: 0, refused: [] },
      ...{ ended: "all", error: undefined },
    });
    expect(state.runs).toEqual(["a", "b", "c", "c", "b", "a"]);
    expect(state.paid).toEqual(["a", "b", "c"]);
    expect(await letters(kit.semel)).toEqual([]);
    expect(seen.map(({ looked, last }) => [looked, last.is, last.id])).toEqual(
      [...died].reverse().map((id, index) => [index + 1, "redriven", id]),
    );
    for (const { last } of seen)
      expect(await kit.semel.status(last.as ?? "")).toMatchObject({ id: last.as, state: "completed" });
    const told = kit.events.filter(({ name }) => name === "job.redriven");
    expect(told).toMatchObject(seen.map(({ last }) => ({ id: last.as, from: last.id, type: "work", steps: "keep" })));
  });

  it("does not bring back twice what dies again, though the clock stands still", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    const ids = Array.from({ length: 250 }, (_, index) => `${index}`);
    await kit.semel.enqueueMany(
      job,
      ids.map((id) => ({ id })),
    );
    await kit.drain();
    const plan = await kit.semel.deadLetters.plan();
    const running = plan.run({ rate: 1_000, steps: "fresh" });
    await kit.advance("1s");
    expect(await running).toMatchObject({ total: 250, looked: 250, redriven: 250, ended: "all" });
    await kit.drain();
    expect(state.runs).toHaveLength(500);
    expect(state.paid).toHaveLength(500);
    expect(await letters(kit.semel)).toHaveLength(250);
    // Nor does the same plan, run again: none of its letters is left.
    expect(await plan.run()).toMatchObject({ looked: 0, redriven: 0, ended: "all" });
  });

  it("keeps to its rate, stops when it is told to, and goes on when it is run again", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    await die(kit, "a", "b", "c", "d", "e");
    state.broken = false;
    const plan = await kit.semel.deadLetters.plan();
    const stop = new AbortController();
    const at: number[] = [];
    const since = kit.clock.now();
    const running = plan.run({
      rate: 2,
      signal: stop.signal,
      onProgress: () => {
        at.push(kit.clock.now() - since);
        if (at.length === 3) stop.abort();
      },
    });
    await kit.advance("3s");
    expect(await running).toMatchObject({ total: 5, looked: 3, redriven: 3, ended: "aborted" });
    expect(at).toEqual([0, 500, 1_000]);
    expect(await letters(kit.semel)).toHaveLength(2);
    const again = plan.run();
    await kit.advance("3s");
    expect(await again).toMatchObject({ looked: 2, redriven: 2, ended: "all" });
    expect(state.runs.slice(5).sort()).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("by two operators at once brings each back once", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    const ids = Array.from({ length: 40 }, (_, index) => `${index}`);
    await kit.semel.enqueueMany(
      job,
      ids.map((id) => ({ id })),
    );
    await kit.drain();
    state.broken = false;
    const plans = await Promise.all([kit.semel.deadLetters.plan(), kit.semel.deadLetters.plan()]);
    const running = Promise.all(plans.map((plan) => plan.run({ rate: 500 })));
    await kit.advance("1s");
    const reports = await running;
    await kit.drain();
    expect(reports.map(({ redriven }) => redriven).reduce((sum, one) => sum + one)).toBe(40);
    expect(reports.map(({ refused }) => refused)).toEqual([[], []]);
    expect(state.runs.slice(40).sort()).toEqual([...ids].sort());
  });

  it("goes past a job that cannot be added, and reports it with its code", async () => {
    const { state, work } = fragile();
    const backend = memory();
    const refuse = new Set<string>();
    const queue = refusing(backend.queue, refuse);
    kit = createTestKit({ processors: [work] });
    const semel = createSemel({ ...backend, queue, logger: false, runtime: { clock: kit.clock } });
    semels.push(semel);
    semel.worker({ processors: [work] });
    for (const id of ["a", "b", "c"]) {
      await semel.enqueue(job, { id });
      await kit.clock.advance(10);
    }
    state.broken = false;
    refuse.add("b");
    const running = (await semel.deadLetters.plan()).run();
    await kit.clock.advance(10_000);
    const report = await running;
    expect(report).toMatchObject({ looked: 3, redriven: 2, ended: "all" });
    expect(report.refused).toMatchObject([{ code: "QUEUE_UNAVAILABLE", count: 1 }]);
    // The dead one has its place again, and its letter.
    expect(await letters(semel)).toHaveLength(1);
    expect(await semel.find(job, { id: "b" })).toMatchObject({ state: "dead" });
    refuse.clear();
    const again = (await semel.deadLetters.plan()).run();
    await kit.clock.advance(1_000);
    expect(await again).toMatchObject({ redriven: 1 });
    expect(await semel.find(job, { id: "b" })).toMatchObject({ state: "completed" });
  });

  it("ends when queue or store are away, says so, and goes on when they are back", async () => {
    const { state, work } = fragile();
    const backend = memory();
    let isAway = false;
    const deadLetters = new Proxy(backend.deadLetters, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) =>
          isAway && name !== "list" ? Promise.reject(new Error("connection lost")) : member.apply(target, args);
      },
    });
    kit = createTestKit({ processors: [work] });
    const semel = createSemel({ ...backend, deadLetters, logger: false, runtime: { clock: kit.clock } });
    semels.push(semel);
    semel.worker({ processors: [work] });
    for (let id = 0; id < 50; id++) await semel.enqueue(job, { id: `${id}` });
    await kit.clock.advance(100);
    state.broken = false;
    const plan = await semel.deadLetters.plan();
    const onProgress = ({ looked }: RedriveProgress): void => {
      isAway = looked >= 20;
    };
    const running = plan.run({ rate: 100, onProgress });
    await kit.clock.advance(10_000);
    const report = await running;
    expect(report).toMatchObject({ redriven: 20, ended: "unavailable", error: { code: "STORE_UNAVAILABLE" } });
    expect(report.looked).toBeLessThan(40);
    isAway = false;
    const again = plan.run({ rate: 100 });
    await kit.clock.advance(10_000);
    expect(await again).toMatchObject({ redriven: 30, ended: "all" });
    expect(state.runs).toHaveLength(100);
  });

  it("leaves alone what was purged since its page was read", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    await die(kit, "a", "b", "c");
    state.broken = false;
    const plan = await kit.semel.deadLetters.plan();
    let purged: Promise<number> | undefined;
    const onProgress = ({ looked }: RedriveProgress): void => {
      if (looked === 2) purged = kit.semel.deadLetters.purge({ olderThan: "0s" });
    };
    const running = plan.run({ rate: 1, onProgress });
    await kit.advance("5s");
    expect(await running).toMatchObject({ looked: 3, redriven: 2, gone: 1 });
    expect(await purged).toBe(1);
    expect(state.runs).toHaveLength(5);
  });

  it("says what is wrong with its options, and is not disturbed by who listens", async () => {
    const { work } = fragile();
    kit = createTestKit({ processors: [work] });
    await die(kit, "a");
    const plan = await kit.semel.deadLetters.plan();
    for (const wrong of [
      { rate: 0 },
      { rate: 1_001 },
      { rate: Number.NaN },
      { steps: "all" },
      { unattended: "no" },
      { speed: 3 },
    ])
      await expect(plan.run(wrong as never), JSON.stringify(wrong)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    const throwing = plan.run({
      onProgress: () => {
        throw new Error("a broken bar");
      },
    });
    expect(await throwing).toMatchObject({ redriven: 1 });
    expect(kit.events).toContainEqual(
      expect.objectContaining({ name: "hook.failed", during: "onProgress of a redrive" }),
    );
  });
});

describe("one letter", () => {
  it("of a type no living worker processes stays, unless it is said that it may wait", async () => {
    const { state, work } = fragile();
    kit = createTestKit({
      processors: [processor(defineJob({ type: "other", payload, correlation: "none" }), async () => {})],
    });
    const worker = kit.semel.worker({ processors: [work] });
    const [id = ""] = await die(kit, "a");
    await worker.close();
    await expect(kit.semel.deadLetters.redrive(id)).rejects.toMatchObject({
      code: "TYPE_UNATTENDED",
      details: { id, type: "work" },
    });
    expect(await kit.semel.deadLetters.get(id)).toBeDefined();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead" });
    state.broken = false;
    const again = await kit.semel.deadLetters.redrive(id, { unattended: "wait" });
    expect(await kit.semel.explain(again)).toMatchObject([{ code: "no-worker" }]);
    await kit.advance("61s");
    expect(kit.events).toContainEqual(expect.objectContaining({ name: "job.unattended", type: "work" }));
    kit.semel.worker({ processors: [work] });
    await kit.advance("1s");
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed" });
  });

  it("whose work has completed since is replayed: nothing runs, and the letter stays", async () => {
    const { state, work } = fragile();
    kit = createTestKit({ processors: [work] });
    const [id = ""] = await die(kit, "a");
    state.broken = false;
    const done = await kit.semel.enqueue(job, { id: "a" });
    await kit.drain();
    await expect(kit.semel.deadLetters.redrive(id)).rejects.toMatchObject({
      code: "JOB_REPLAYED",
      details: { id, by: done.id, state: "completed" },
    });
    expect(await kit.drain()).toMatchObject({ completed: 0 });
    expect(await kit.semel.deadLetters.get(id)).toBeDefined();
  });

  it("that two bring back at once stays brought back, though the queue refuses the first of them", async () => {
    const { state, work } = fragile();
    const backend = memory();
    kit = createTestKit({ processors: [work] });
    let hold: Promise<void> | undefined;
    const slow: Queue = new Proxy(backend.queue, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name !== "add" || !hold) return typeof member === "function" ? member.bind(target) : member;
        return async () => {
          await hold;
          return [{ is: "refused", error: new Error("full") }];
        };
      },
    });
    const options = { ...backend, logger: false, runtime: { clock: kit.clock } } as const;
    const first = createSemel({ ...options, queue: slow });
    const second = createSemel(options);
    semels.push(first, second);
    second.worker({ processors: [work] });
    const { id } = await second.enqueue(job, { id: "a" });
    await kit.clock.advance(100);
    state.broken = false;
    await second.pause({ type: "work" });
    let refuseNow = (): void => {};
    hold = new Promise((resolve) => {
      refuseNow = resolve;
    });
    const failing = first.deadLetters.redrive(id).catch((error: unknown) => error);
    await kit.clock.advance(100);
    const again = await second.deadLetters.redrive(id);
    refuseNow();
    await kit.clock.advance(100);
    expect(await failing).toMatchObject({ code: "QUEUE_UNAVAILABLE", outcome: "unknown" });
    await second.resume({ type: "work" });
    await kit.clock.advance(1_000);
    expect(await second.status(again)).toMatchObject({ id: again, state: "completed" });
    expect(state.runs).toHaveLength(2);
  });
});

describe("what a letter says", () => {
  it("of its last attempt, of the job that enqueued it, and of the one it was brought back from", async () => {
    const parent = defineJob({ type: "parent", payload, correlation: ["id"] });
    const { work } = fragile();
    kit = createTestKit({
      processors: [
        work,
        processor(parent, async ({ payload: { id }, enqueue }) => {
          await enqueue(job, { id });
        }),
      ],
    });
    const { id: parentId } = await kit.semel.enqueue(parent, { id: "a" });
    await kit.drain();
    const [first = ""] = await letters(kit.semel);
    const [worker] = await kit.semel.workers();
    expect(await kit.semel.deadLetters.get(first)).toMatchObject({
      ...{ redrives: 0, redriveOf: undefined, causation: { id: parentId, type: "parent" } },
      ...{ worker: worker?.id, startedAt: new Date(kit.clock.now()), diedAt: new Date(kit.clock.now()) },
    });
    await kit.advance("1h");
    const again = await kit.semel.deadLetters.redrive(first);
    await kit.drain();
    expect(await kit.semel.deadLetters.get(again)).toMatchObject({
      ...{ redrives: 1, redriveOf: first, causation: { id: parentId }, steps: ["pay"] },
      startedAt: new Date(kit.clock.now()),
    });
  });
});

describe("filters", () => {
  const owned = defineJob({ type: "owned", tenant: "required", payload, correlation: ["id"] });

  it("narrow by tenant in the operator's view, and a tenant's view is that tenant's", async () => {
    kit = createTestKit({
      processors: [
        processor(owned, async () => {
          throw new NonRetryableError("no");
        }),
      ],
    });
    for (const tenant of ["acme", "acme", "zeta"])
      await kit.semel.forTenant(tenant).enqueue(owned, { id: `${Math.random()}` });
    await kit.drain();
    expect(await kit.semel.deadLetters.groups({ tenant: "acme" })).toMatchObject([{ count: 2 }]);
    expect((await kit.semel.deadLetters.plan({ tenant: "zeta" })).total).toBe(1);
    const acme = kit.semel.forTenant("acme").deadLetters;
    expect((await acme.plan()).total).toBe(2);
    await expect(acme.plan({ tenant: "zeta" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(await acme.purge({ tenant: "acme" })).toBe(2);
    expect(await kit.semel.deadLetters.groups()).toMatchObject([{ count: 1 }]);
  });

  it("that cannot be meant are refused: a misspelt one would widen what is purged", async () => {
    kit = createTestKit({ processors: [fragile().work] });
    const { deadLetters } = kit.semel;
    const wrong = [{ olderthan: "3d" }, { reason: "BORED" }, { reason: ["CONFLICT", "BORED"] }, { olderThan: 3 }];
    for (const filter of wrong) {
      for (const verb of ["purge", "groups", "plan"] as const)
        await expect(deadLetters[verb](filter as never), verb).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    for (const limit of [-1, 1.5, Number.NaN]) {
      const reading = deadLetters.list({ limit })[Symbol.asyncIterator]();
      await expect(reading.next()).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    await expect(deadLetters.plan({ maxRedrives: -1 })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});

/** A queue that takes everything but jobs whose payload has one of these ids. */
function refusing(inner: Queue, ids: ReadonlySet<string>): Queue {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (name !== "add") return member.bind(target);
      const add: Queue["add"] = async (additions) =>
        Promise.all(
          additions.map(async (addition) => {
            const isRefused = [...ids].some((id) => addition.envelope.includes(`"payload":{"id":"${id}"}`));
            if (isRefused) return { is: "refused", error: new Error("full") } as const;
            const [added] = await target.add([addition]);
            return added ?? { is: "refused", error: new Error("no answer") };
          }),
        );
      return add;
    },
  });
}
