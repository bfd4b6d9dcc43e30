import { randomUUID } from "node:crypto";
import { defineJob, NonRetryableError, processor, request } from "@semel/core";
import { waitFor } from "@semel/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { child } from "./support/child.ts";
import { effect } from "./support/effect-job.ts";
import { freshLedger, notOnce } from "./support/ledger.ts";
import { freshPlace, type Place, stage } from "./support/stage.ts";

/*
 * What the product is accepted by, on Redis and on the real clock. Effects are counted outside the SDK, in lists with no
 * uniqueness, so that a repeat would show. What an application and a worker say to each other crosses Redis: each is a
 * Semel of its own.
 */

const chunk = {
  payload: z.object({ document: z.string(), index: z.number() }),
  result: z.object({ dimensions: z.number() }),
};
const one = { document: "d", index: 1 };

/** An application and a worker's process, as far as Redis can tell. */
function two(place: Place = freshPlace()) {
  return { app: stage(place).semel, server: stage(place).semel };
}

describe("an application and its workers", () => {
  it("a large ingestion is enqueued before anything is done, and then done once each", async () => {
    const { app, server } = two();
    const effects: string[] = [];
    const job = defineJob({ type: "ingest", correlation: ["document", "index"], ...chunk });
    const payloads = Array.from({ length: 1_000 }, (_, index) => ({ document: "large", index }));
    const { accepted, refused } = await app.enqueueMany(job, payloads);
    expect([accepted.length, refused]).toEqual([1_000, []]);
    expect(await app.counts()).toMatchObject([{ queue: "ingest", types: ["ingest"], pending: 1_000, running: 0 }]);
    const worker = server.worker({
      processors: [
        processor(job, async ({ payload, once }) => {
          await once("embed", ({ key }) => effects.push(`${payload.index} ${key}`));
          return { dimensions: 3 };
        }),
      ],
      concurrency: 50,
    });
    await waitFor(() => effects.length >= 1_000, { what: "every chunk to be embedded", deadlineMs: 30_000 });
    await worker.idle();
    expect([effects.length, new Set(effects).size]).toEqual([1_000, 1_000]);
    expect(await app.find(job, { document: "large", index: 999 })).toMatchObject({ state: "completed", attempt: 1 });
    expect(await app.counts()).toMatchObject([{ pending: 0, running: 0, dead: 0 }]);
  });

  it("a transient failure is tried again and ends completed, with no effect repeated", async () => {
    const { app, server } = two();
    const effects: string[] = [];
    const job = defineJob({ type: "transient", correlation: ["document", "index"], retry: { base: "20ms" }, ...chunk });
    server.worker({
      processors: [
        processor(job, async ({ once, attempt }) => {
          if (attempt === 1) throw new Error("connection reset");
          await once("embed", () => effects.push("paid"));
          if (attempt === 2) throw new Error("the provider hiccuped");
          return { dimensions: 3 };
        }),
      ],
    });
    const handle = await app.enqueue(job, one);
    expect(await handle.result({ timeout: "20s" })).toEqual({ dimensions: 3 });
    expect(effects).toEqual(["paid"]);
    expect(await app.status(job, handle.id)).toMatchObject({ state: "completed", attempt: 3, crashes: 0 });
  });

  it("the same work is a duplicate while it waits and runs, and is replayed when it is done", async () => {
    const { app, server } = two();
    const effects: string[] = [];
    const job = defineJob({ type: "repeat", correlation: ["document", "index"], ...chunk });
    const first = await app.enqueue(job, one);
    expect(await server.enqueue(job, one)).toMatchObject({ outcome: "duplicate", id: first.id, state: "pending" });
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const process = async () => {
      started.resolve();
      await gate.promise;
      return { dimensions: effects.push("x") };
    };
    server.worker({ processors: [processor(job, process)] });
    await started.promise;
    const second = await app.enqueue(job, one);
    expect(second).toMatchObject({ outcome: "duplicate", id: first.id, state: "running" });
    gate.resolve();
    expect(await second.result({ timeout: "20s" })).toEqual({ dimensions: 1 });
    expect(await app.enqueue(job, one)).toMatchObject({ outcome: "replayed", id: first.id, value: { dimensions: 1 } });
    expect(effects).toEqual(["x"]);
  });

  it("a dead job leaves a letter; redriven, it keeps the steps that were paid for; run again, it keeps none", async () => {
    const { app, server } = two();
    const effects: string[] = [];
    let broken = true;
    const job = defineJob({ type: "dies", correlation: ["document", "index"], keepPayload: true, ...chunk });
    server.worker({
      processors: [
        processor(job, async ({ once }) => {
          await once("embed", ({ key }) => effects.push(key));
          if (broken) throw new NonRetryableError("no such table");
          return { dimensions: 3 };
        }),
      ],
    });
    const first = await app.enqueue(job, one);
    await expect(first.result({ timeout: "20s" })).rejects.toMatchObject({ code: "JOB_DEAD" });
    expect(await app.deadLetters.get(first.id)).toMatchObject({ reason: "NON_RETRYABLE", payload: one });
    expect(await app.deadLetters.groups()).toMatchObject([{ type: "dies", count: 1, sample: first.id }]);
    expect(await app.counts()).toMatchObject([{ queue: "dies", dead: 1 }]);
    broken = false;
    const redriven = await app.deadLetters.redrive(first.id);
    await waitFor(async () => (await app.status(redriven))?.state === "completed", { what: "the redriven job" });
    expect(effects).toHaveLength(1);
    expect(await app.deadLetters.get(first.id)).toBeUndefined();
    await expect(first.result()).rejects.toMatchObject({ code: "JOB_SUPERSEDED" });
    const again = await app.rerun(redriven);
    await waitFor(async () => (await app.status(again))?.state === "completed", { what: "the rerun's end" });
    expect([effects.length, new Set(effects).size]).toEqual([2, 2]);
    // The other road back: the same work, enqueued again, after another death.
    broken = true;
    const third = await app.enqueue(job, one, { rerun: true });
    await expect(third.result({ timeout: "20s" })).rejects.toMatchObject({ code: "JOB_DEAD" });
    broken = false;
    const fourth = await app.enqueue(job, one);
    expect(fourth.outcome).toBe("created");
    await fourth.result({ timeout: "20s" });
    expect(effects).toHaveLength(3);
  });

  it("many dead jobs come back by a plan, each once, though two operators run it at once", async () => {
    const place = freshPlace();
    const [first, second, server] = [stage(place).semel, stage(place).semel, stage(place).semel];
    const job = defineJob({ type: "many", correlation: ["document", "index"], ...chunk });
    let isBroken = true;
    const runs: number[] = [];
    server.worker({
      processors: [
        processor(job, async ({ payload: { index } }) => {
          runs.push(index);
          if (isBroken) throw new NonRetryableError(`chunk ${index} cannot be read`);
          return { dimensions: 3 };
        }),
      ],
      concurrency: 50,
    });
    const indexes = Array.from({ length: 250 }, (_, index) => index);
    await first.enqueueMany(
      job,
      indexes.map((index) => ({ document: "d", index })),
    );
    const died = async (): Promise<number> => (await first.deadLetters.groups())[0]?.count ?? 0;
    await waitFor(async () => (await died()) === 250, { what: "every job to die", deadlineMs: 40_000 });
    const plans = await Promise.all([first, second].map(({ deadLetters }) => deadLetters.plan({ type: "many" })));
    for (const plan of plans) expect(plan).toMatchObject({ total: 250, counts: { runs: 250 } });

    isBroken = false;
    const reports = await Promise.all(plans.map((plan) => plan.run({ rate: 1_000 })));
    for (const report of reports) expect(report).toMatchObject({ refused: [], ended: "all" });
    expect(reports.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(250);
    await waitFor(() => runs.length === 500, { what: "every job to run again", deadlineMs: 40_000 });
    expect(runs.slice(250).sort((a, b) => a - b)).toEqual(indexes);
    expect(await died()).toBe(0);
    expect(await first.deadLetters.plan()).toMatchObject({ total: 0 });
  });

  it("a job that runs elsewhere can be watched and cancelled, long before its next renewal", async () => {
    const { app, server } = two();
    const job = defineJob({ type: "long", correlation: "none", payload: z.object({}) });
    const aborted = Promise.withResolvers<unknown>();
    server.worker({
      processors: [
        processor(job, async ({ progress, signal }) => {
          await progress(0.5, "half way");
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        }),
      ],
    });
    server.worker({ processors: [processor(effect, async ({ payload: { n } }) => ({ n, by: "" }))] });
    const { id, result } = await app.enqueue(job, {});
    result().catch(aborted.resolve);
    const half = async () => (await app.status(id))?.progress?.fraction === 0.5;
    await waitFor(half, { what: "news of its progress" });
    expect(await app.status(id)).toMatchObject({ state: "running", progress: { fraction: 0.5, note: "half way" } });
    const since = performance.now();
    expect(await app.cancel(id, "changed my mind")).toBe("requested");
    expect(await aborted.promise).toMatchObject({ code: "JOB_CANCELLED" });
    // Its lease is renewed every 10 s.
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(await app.status(id)).toMatchObject({ state: "cancelled" });
    expect(await app.cancel(id)).toBe("finished");
    expect(await app.cancel(id.replace(/^./, "_"))).toBe("unknown");
  });

  it("follow-ups of a job reach the workers of another type", async () => {
    const { app, server } = two();
    const told: string[] = [];
    const announce = defineJob({ type: "announce", correlation: ["text"], payload: z.object({ text: z.string() }) });
    const publish = defineJob({
      type: "publish",
      payload: z.object({ id: z.string() }),
      correlation: ["id"],
      onSettled: ({ payload, state }) => request(announce, { text: `${payload.id} is ${state}` }),
    });
    app.worker({ processors: [processor(announce, async ({ payload }) => void told.push(payload.text))] });
    server.worker({ processors: [processor(publish, async () => {})] });
    await app.enqueue(publish, { id: "a" });
    await app.enqueue(publish, { id: "b" });
    await waitFor(() => told.length === 2, { what: "both announcements" });
    expect(told.sort()).toEqual(["a is completed", "b is completed"]);
  });

  it("a result of 200 kB comes back whole, and one too large is not kept, and says so", async () => {
    const { app, server } = two();
    const job = defineJob({
      type: "large",
      correlation: ["length"],
      payload: z.object({ length: z.number() }),
      result: z.object({ vector: z.array(z.number()) }),
    });
    const vector = (length: number) => Array.from({ length }, (_, at) => Math.sin(at));
    server.worker({ processors: [processor(job, async ({ payload }) => ({ vector: vector(payload.length) }))] });
    const kept = await app.enqueue(job, { length: 10_500 });
    const result = await kept.result({ timeout: "20s" });
    expect(JSON.stringify(result).length).toBeGreaterThan(200_000);
    expect(result).toEqual({ vector: vector(10_500) });
    const tooLarge = await app.enqueue(job, { length: 100_000 });
    await expect(tooLarge.result({ timeout: "20s" })).rejects.toMatchObject({ code: "RESULT_UNAVAILABLE" });
    expect(await app.status(tooLarge.id)).toMatchObject({ state: "completed" });
  });

  it("workers in two processes share the work", async () => {
    const place = freshPlace();
    const ledger = freshLedger();
    const { semel: app } = stage(place);
    const workers = [1, 2].map(() => child("work", { ...place, namespace: "test", ledger: ledger.path, slowMs: 5 }));
    await Promise.all(workers.map((worker) => worker.line((line) => line.startsWith("worker.started"))));
    const numbers = Array.from({ length: 80 }, (_, n) => n);
    const { accepted } = await app.enqueueMany(
      effect,
      numbers.map((n) => ({ n })),
    );
    const results = await Promise.all(accepted.map(({ result }) => result({ timeout: "20s" })));
    expect(notOnce(ledger, "effect", numbers)).toEqual([]);
    const shares = workers.map(({ pid }) => results.filter(({ by }) => by === String(pid)).length);
    console.info(`shares of two workers: ${shares.join(" and ")}`);
    expect(Math.min(...shares)).toBeGreaterThan(10);
    expect(await app.workers()).toHaveLength(2);
  });
});

it("enqueuing under one id enqueues once, from wherever", async () => {
  const { app, server } = two();
  const job = defineJob({ type: "unkeyed", correlation: "none", payload: z.object({ text: z.string() }) });
  const id = randomUUID();
  const both = await Promise.all([app.enqueue(job, { text: "a" }, { id }), server.enqueue(job, { text: "a" }, { id })]);
  expect(new Set(both.map((each) => each.id)).size).toBe(1);
  expect(await app.counts()).toMatchObject([{ pending: 1 }]);
  const other = app.enqueue(job, { text: "b" }, { id });
  await expect(other).rejects.toMatchObject({ code: "CORRELATION_CONFLICT" });
});
