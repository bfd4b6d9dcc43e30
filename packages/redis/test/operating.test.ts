import { createSemel, defineJob, NonRetryableError, processor, systemClock } from "@semel/core";
import { bullmqQueue } from "@semel/queue-bullmq";
import { redisStore } from "@semel/state-redis";
import { waitFor } from "@semel/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { freshPlace, freshPrefix, sharedUrl, stage } from "./support/stage.ts";

/* What operators do, across processes that have nothing in common but Redis. */

const payload = z.object({ n: z.number() });

describe("why a job is not done", () => {
  it("is explained, from nobody taking it to its end", async () => {
    const place = freshPlace();
    const { semel: app } = stage(place);
    const { semel: server } = stage(place);
    const job = defineJob({ type: "asked", payload, correlation: ["n"], retry: { base: "1h", cap: "1h" } });
    const other = defineJob({ type: "other", payload, correlation: ["n"] });
    const first = async (id: string) => (await app.explain(id))[0];
    const { id } = await app.enqueue(job, { n: 1 });
    expect(await first(id)).toMatchObject({ code: "no-worker", text: /no worker is alive/ });
    server.worker({ processors: [processor(other, async () => {})] });
    await waitFor(async () => (await app.workers()).length === 1, { what: "the other worker" });
    expect(await first(id)).toMatchObject({ code: "no-worker", text: /the living workers take other/ });

    await app.pause({ type: "asked" });
    const gate = Promise.withResolvers<void>();
    const worker = server.worker({ processors: [processor(job, () => gate.promise)], concurrency: 1 });
    await waitFor(() => worker.isReady, { what: "the worker" });
    expect(await first(id)).toMatchObject({ code: "paused" });
    await app.resume({ type: "asked" });
    await waitFor(async () => (await first(id))?.code === "running", { what: "the job to run" });
    const behind = await app.enqueue(job, { n: 2 });
    expect(await first(behind.id)).toMatchObject({ code: "in-line", text: /1 waiting/ });
    const later = await app.enqueue(job, { n: 3 }, { delay: "1h" });
    expect(await first(later.id)).toMatchObject({ code: "not-due" });
    expect(await app.status(later.id)).toMatchObject({ state: "delayed" });
    expect(await app.counts()).toContainEqual(
      expect.objectContaining({ queue: "asked", pending: 1, running: 1, delayed: 1, paused: false }),
    );
    await app.cancel(behind.id);
    gate.reject(new Error("no route to host"));
    await waitFor(async () => (await first(id))?.code === "not-due", { what: "the retry" });
    expect(await first(id)).toMatchObject({ text: /no route to host/ });
    expect(await app.cancel(id)).toBe("cancelled");
    expect(await first(id)).toMatchObject({ code: "finished", text: /cancelled/ });
    expect(await app.find(job, { n: 2 })).toMatchObject({ id: behind.id, state: "cancelled" });
    expect(await app.explain(id.replace(/^./, "_"))).toEqual([]);
  });

  it("is that the only worker's clock is wrong, while it is", async () => {
    const place = freshPlace();
    const { semel: app } = stage(place);
    let aheadMs = 3_600_000;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const { semel: server } = stage(place, { clock });
    const job = defineJob({ type: "skewed", payload, correlation: ["n"] });
    const worker = server.worker({ processors: [processor(job, async () => {})] });
    const { id, result } = await app.enqueue(job, { n: 1 });
    await waitFor(async () => (await app.explain(id))[0]?.code === "worker-unready", { what: "the worker's own word" });
    expect(worker.isReady).toBe(false);
    aheadMs = 0;
    await result({ timeout: "20s" });
    expect(worker.isReady).toBe(true);
  });
});

describe("what is said in one process is so in all", () => {
  it("a type is paused and resumed, and others are not", async () => {
    const place = freshPlace();
    const { semel: app } = stage(place);
    const { semel: server } = stage(place);
    const done: string[] = [];
    const [held, free] = ["held", "free"].map((type) => defineJob({ type, payload, correlation: ["n"] }));
    if (!held || !free) throw new Error("two jobs are needed");
    const processors = [held, free].map((job) => processor(job, async () => void done.push(job.type)));
    const worker = server.worker({ processors });
    await waitFor(() => worker.isReady, { what: "the worker" });
    await app.pause({ type: "held" });
    await app.enqueue(held, { n: 1 });
    const second = await app.enqueue(free, { n: 1 });
    await second.result({ timeout: "20s" });
    expect(done).toEqual(["free"]);
    expect(await server.counts()).toContainEqual(expect.objectContaining({ queue: "held", pending: 1, paused: true }));
    await app.resume({ type: "held" });
    await waitFor(() => done.length === 2, { what: "the job that was held" });
  });

  it("a type runs no more at a time than its limit, over all workers", async () => {
    const place = freshPlace();
    const stages = [stage(place), stage(place), stage(place)];
    const [app, ...servers] = stages.map(({ semel }) => semel);
    if (!app) throw new Error("an application is needed");
    const job = defineJob({ type: "limited", payload, correlation: ["n"] });
    let running = 0;
    let most = 0;
    let done = 0;
    const process = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running -= 1;
      done += 1;
    };
    await app.ready();
    // Nobody knows yet which queue that is.
    await expect(app.limit({ type: "limited" }, 2)).rejects.toMatchObject({ code: "QUEUE_UNKNOWN" });
    await app.enqueueMany(
      job,
      Array.from({ length: 30 }, (_, n) => ({ n })),
    );
    await app.limit({ type: "limited" }, 2);
    for (const server of servers) server.worker({ processors: [processor(job, process)], concurrency: 10 });
    await waitFor(() => done >= 12, { what: "some of them, two at a time", deadlineMs: 20_000 });
    expect(most).toBe(2);
    await app.limit({ type: "limited" }, undefined);
    await waitFor(() => done === 30, { what: "the rest", deadlineMs: 20_000 });
  });

  it("delays are kept and priorities go first", async () => {
    const place = freshPlace();
    const { semel: app } = stage(place);
    const { semel: server } = stage(place);
    const done: string[] = [];
    const job = defineJob({
      type: "ranked",
      payload: z.object({ name: z.string() }),
      correlation: ["name"],
      priority: "normal",
    });
    const begin = Date.now();
    const delayed = await app.enqueue(job, { name: "delayed" }, { delay: "1200ms", priority: "interactive" });
    await app.enqueue(job, { name: "bulk" }, { priority: "bulk" });
    await app.enqueue(job, { name: "normal" });
    await app.enqueue(job, { name: "interactive" }, { priority: "interactive" });
    expect(await app.status(delayed.id)).toMatchObject({ state: "delayed" });
    server.worker({
      processors: [processor(job, async ({ payload }) => void done.push(payload.name))],
      concurrency: 1,
    });
    await delayed.result({ timeout: "20s" });
    const { startedAt } = (await app.status(delayed.id)) ?? {};
    expect((startedAt?.getTime() ?? 0) - begin).toBeGreaterThanOrEqual(1_200);
    expect(done).toEqual(["interactive", "normal", "bulk", "delayed"]);
  });
});

describe("those who share a server and nothing else", () => {
  it("two namespaces never meet", async () => {
    const place = freshPlace();
    const done: string[] = [];
    const job = defineJob({ type: "same", payload, correlation: ["n"] });
    const [first, second] = ["first", "second"].map((namespace) => {
      const { semel } = stage({ ...place, namespace });
      const { id } = semel.worker({ processors: [processor(job, async () => void done.push(namespace))] });
      return { semel, id };
    });
    if (!first || !second) throw new Error("two are needed");
    const mine = await first.semel.enqueue(job, { n: 1 });
    await mine.result({ timeout: "20s" });
    expect(done).toEqual(["first"]);
    expect(await second.semel.status(mine.id)).toBeUndefined();
    expect(await second.semel.find(job, { n: 1 })).toBeUndefined();
    expect(await second.semel.counts()).toEqual([]);
    expect((await second.semel.workers()).map(({ id }) => id)).toEqual([second.id]);
    expect(await second.semel.cancel(mine.id)).toBe("unknown");
    const theirs = await second.semel.enqueue(job, { n: 1 });
    expect(theirs.outcome).toBe("created");
    await theirs.result({ timeout: "20s" });
    expect(done).toEqual(["first", "second"]);
  });

  it("queue and store need not have one prefix", async () => {
    const store = redisStore({ redis: sharedUrl(), prefix: freshPrefix() });
    const queue = bullmqQueue({ redis: sharedUrl(), prefix: freshPrefix() });
    const semel = createSemel({ queue, store, deadLetters: store, signals: store.signals, logger: false });
    onTestFinished(() => semel.close());
    const job = defineJob({ type: "apart", payload, correlation: ["n"] });
    semel.worker({ processors: [processor(job, async () => {})] });
    const { id, result } = await semel.enqueue(job, { n: 1 });
    await result({ timeout: "20s" });
    expect(await semel.status(id)).toMatchObject({ state: "completed" });
  });

  it("a tenant is forgotten, with its letters and results, and the others are not", async () => {
    const { semel } = stage(freshPlace());
    const job = defineJob({ type: "owned", tenant: "required", payload, correlation: ["n"] });
    const process = async (n: number) => {
      if (n < 0) throw new NonRetryableError("no");
    };
    semel.worker({ processors: [processor(job, ({ payload: { n } }) => process(n))] });
    const [leaving, staying] = ["leaving", "staying"].map((tenant) => semel.forTenant(tenant));
    if (!leaving || !staying) throw new Error("two are needed");
    const kept = await staying.enqueue(job, { n: 1 });
    const erased = await Promise.all([1, 2, -1].map((n) => leaving.enqueue(job, { n })));
    await Promise.allSettled([kept, ...erased].map(({ result }) => result({ timeout: "20s" })));
    expect(await semel.deadLetters.groups()).toMatchObject([{ count: 1 }]);
    expect(await staying.status(erased[0]?.id ?? "")).toBeUndefined();
    expect(await semel.forget("leaving")).toBe(3);
    for (const { id } of erased) expect(await semel.status(id)).toBeUndefined();
    expect(await semel.deadLetters.groups()).toEqual([]);
    expect(await semel.status(kept.id)).toMatchObject({ state: "completed", tenant: "staying" });
    expect((await leaving.enqueue(job, { n: 1 })).outcome).toBe("created");
  });
});
