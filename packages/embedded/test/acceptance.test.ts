import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSemel, defineJob, NonRetryableError, processor, type Semel } from "@semel/core";
import { memory } from "@semel/core/memory";
import { waitFor } from "@semel/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { embedded } from "../src/index.ts";

/*
 * What the product is accepted by, on the real clock, on memory and on the embedded default. Effects are counted outside
 * the SDK, in a list with no uniqueness, so that a repeat would show.
 */

const chunk = {
  payload: z.object({ document: z.string(), index: z.number() }),
  result: z.object({ dimensions: z.number() }),
};

describe.each([
  ["memory", async () => ({ backend: memory(), clean: async () => {} })],
  [
    "embedded",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "semel-acceptance-"));
      return { backend: embedded(directory), clean: () => rm(directory, { recursive: true, force: true }) };
    },
  ],
])("acceptance on %s", (_name, open) => {
  let semel: Semel;
  let clean: () => Promise<void>;
  const effects: string[] = [];

  beforeAll(async () => {
    const opened = await open();
    clean = opened.clean;
    semel = createSemel({ ...opened.backend, logger: false });
    await semel.ready();
  }, 60_000);
  afterAll(async () => {
    await semel.close();
    await clean();
  }, 60_000);
  beforeEach(() => void effects.splice(0));

  it("a large ingestion enqueues and returns at once, before anything has been embedded", async () => {
    const job = defineJob({ type: "ingest", correlation: ["document", "index"], ...chunk });
    const payloads = Array.from({ length: 1_000 }, (_, index) => ({ document: "large", index }));
    const startedAt = performance.now();
    const { accepted, refused } = await semel.enqueueMany(job, payloads);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(accepted).toHaveLength(1_000);
    expect(refused).toEqual([]);
    expect(await semel.counts()).toContainEqual(expect.objectContaining({ queue: "ingest", pending: 1_000 }));

    const worker = semel.worker({
      processors: [
        processor(job, async ({ payload, once }) => {
          await once("embed", ({ key }) => effects.push(`${payload.index} ${key}`));
          return { dimensions: 3 };
        }),
      ],
      concurrency: 50,
    });
    await waitFor(() => effects.length === 1_000, { what: "every chunk to be embedded", deadlineMs: 90_000 });
    await worker.idle();
    await worker.close();
    expect(new Set(effects).size).toBe(1_000);
    expect(await semel.find(job, { document: "large", index: 999 })).toMatchObject({ state: "completed", attempt: 1 });
  }, 120_000);

  it("a transient failure retries and ends completed, with no duplicate side effect", async () => {
    const job = defineJob({ type: "transient", correlation: ["document", "index"], retry: { base: "20ms" }, ...chunk });
    const worker = semel.worker({
      processors: [
        processor(job, async ({ payload, once, attempt }) => {
          if (attempt === 1) throw new Error("connection reset");
          await once("embed", () => effects.push(`${payload.index}`));
          if (attempt === 2) throw new Error("the store hiccuped");
          return { dimensions: 3 };
        }),
      ],
    });
    const handle = await semel.enqueue(job, { document: "d", index: 1 });
    expect(await handle.result({ timeout: "30s" })).toEqual({ dimensions: 3 });
    await worker.close();
    expect(effects).toEqual(["1"]);
    expect(await semel.status(job, handle.id)).toMatchObject({
      state: "completed",
      attempt: 3,
      result: { dimensions: 3 },
    });
  }, 60_000);

  it("a running job that is cancelled is told so; what runs when its worker closes is given back, and counts nothing", async () => {
    const job = defineJob({ type: "stopped", correlation: ["document", "index"], ...chunk });
    const reasons: string[] = [];
    let running = 0;
    const worker = semel.worker({
      processors: [
        processor(job, ({ signal }) => {
          running++;
          return new Promise<never>((_, reject) =>
            signal.addEventListener("abort", () => {
              reasons.push((signal.reason as { reason: string }).reason);
              reject(signal.reason);
            }),
          );
        }),
      ],
    });
    const first = await semel.enqueue(job, { document: "d", index: 1 });
    const second = await semel.enqueue(job, { document: "d", index: 2 });
    await waitFor(() => running === 2, { what: "both to run", deadlineMs: 30_000 });
    expect(await semel.cancel(first.id, "changed my mind")).toBe("requested");
    await expect(first.result({ timeout: "30s" })).rejects.toMatchObject({ code: "JOB_CANCELLED" });
    // The first may have been on its way out still.
    expect(await worker.close({ deadline: "0s" })).toMatchObject({ released: [second.id], leftBehind: [] });
    expect(reasons).toEqual(["cancelled", "shutdown"]);
    expect(await semel.status(second.id)).toMatchObject({ state: "retrying", attempt: 1, crashes: 0 });
    expect(await semel.cancel(second.id)).toBe("cancelled");
  }, 60_000);

  it("many dead jobs come back by a plan, each once, though it is run twice at once", async () => {
    const job = defineJob({ type: "many-dead", correlation: ["document", "index"], ...chunk });
    let isBroken = true;
    const worker = semel.worker({
      processors: [
        processor(job, async ({ payload, once }) => {
          await once("embed", () => effects.push(`${payload.index}`));
          if (isBroken) throw new NonRetryableError("it cannot be read");
          return { dimensions: 3 };
        }),
      ],
      concurrency: 20,
    });
    await semel.enqueueMany(
      job,
      Array.from({ length: 120 }, (_, index) => ({ document: "d", index })),
    );
    const letters = async (): Promise<number> =>
      (await semel.deadLetters.groups({ type: "many-dead" })).reduce((sum, { count }) => sum + count, 0);
    await waitFor(async () => (await letters()) === 120, { what: "every job to die", deadlineMs: 60_000 });
    const plan = await semel.deadLetters.plan({ type: "many-dead" });
    expect(plan).toMatchObject({ total: 120, counts: { runs: 120 } });
    isBroken = false;
    const reports = await Promise.all([plan.run({ rate: 500 }), plan.run({ rate: 500 })]);
    expect(reports.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(120);
    for (const report of reports) expect(report).toMatchObject({ refused: [], ended: "all" });
    await worker.idle();
    await worker.close();
    expect(await semel.find(job, { document: "d", index: 119 })).toMatchObject({ state: "completed", attempt: 1 });
    expect(await letters()).toBe(0);
    // What was paid for before the death was not paid for again.
    expect(effects).toHaveLength(120);
  }, 120_000);

  describe("a duplicate enqueue does no double work", () => {
    const define = (type: string) =>
      defineJob({ type, correlation: ["document", "index"], retry: { maxAttempts: 1 }, ...chunk });
    const one = { document: "d", index: 1 };

    it("while the first is waiting", async () => {
      const job = define("dup-waiting");
      const first = await semel.enqueue(job, one);
      expect(await semel.enqueue(job, one)).toMatchObject({ outcome: "duplicate", id: first.id, state: "pending" });
      const worker = semel.worker({ processors: [processor(job, async () => ({ dimensions: effects.push("x") }))] });
      await first.result({ timeout: "30s" });
      await worker.idle();
      await worker.close();
      expect(effects).toEqual(["x"]);
    }, 60_000);

    it("while the first is running", async () => {
      const job = define("dup-running");
      let finish = (): void => {};
      const started = new Promise<void>((begin) => {
        semel.worker({
          processors: [
            processor(job, async () => {
              effects.push("x");
              begin();
              await new Promise<void>((resolve) => {
                finish = resolve;
              });
              return { dimensions: 3 };
            }),
          ],
        });
      });
      const first = await semel.enqueue(job, one);
      await started;
      const second = await semel.enqueue(job, one);
      expect(second).toMatchObject({ outcome: "duplicate", id: first.id, state: "running" });
      finish();
      expect(await second.result({ timeout: "30s" })).toEqual({ dimensions: 3 });
      expect(effects).toEqual(["x"]);
    }, 60_000);

    it("when the first has completed", async () => {
      const job = define("dup-completed");
      semel.worker({ processors: [processor(job, async () => ({ dimensions: effects.push("x") }))] });
      const first = await semel.enqueue(job, one);
      await first.result({ timeout: "30s" });
      expect(await semel.enqueue(job, one)).toMatchObject({
        outcome: "replayed",
        id: first.id,
        value: { dimensions: 1 },
      });
      expect(effects).toEqual(["x"]);
    }, 60_000);

    it("when the first is dead: its finished steps are not paid for again", async () => {
      const job = define("dup-dead");
      let broken = true;
      semel.worker({
        processors: [
          processor(job, async ({ once }) => {
            await once("embed", () => effects.push("paid"));
            if (broken) throw new NonRetryableError("no such table");
            return { dimensions: 3 };
          }),
        ],
      });
      const first = await semel.enqueue(job, one);
      await expect(first.result({ timeout: "30s" })).rejects.toMatchObject({ code: "JOB_DEAD" });
      expect(await semel.deadLetters.get(first.id)).toMatchObject({ reason: "NON_RETRYABLE", payload: one });
      broken = false;
      const second = await semel.enqueue(job, one);
      expect(second.outcome).toBe("created");
      expect(await second.result({ timeout: "30s" })).toEqual({ dimensions: 3 });
      expect(effects).toEqual(["paid"]);
    }, 60_000);
  });
});
