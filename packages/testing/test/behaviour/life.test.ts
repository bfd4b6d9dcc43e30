import { createSemel, defineJob, NonRetryableError, processor, request, type SemelEvent } from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit, waitFor } from "../../src/index.ts";

const payload = z.object({ id: z.string() });
const job = defineJob({ type: "work", payload, correlation: ["id"], result: z.unknown() });

let kit: TestKit;
afterEach(() => kit?.close());
const named = <N extends SemelEvent["name"]>(name: N) =>
  kit.events.filter((event): event is Extract<SemelEvent, { name: N }> => event.name === name);

/** Runs until it is told to stop, and notes why. */
const waitForAbort = (signal: AbortSignal, heard: unknown[]): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      heard.push((signal.reason as { reason: string }).reason);
      reject(signal.reason);
    });
  });
const untilAborted = (heard: unknown[] = []) => processor(job, ({ signal }) => waitForAbort(signal, heard));

describe("cancelling", () => {
  it("a waiting job never runs", async () => {
    const work = vi.fn(async () => "done");
    kit = createTestKit({ processors: [processor(job, work)] });
    const handle = await kit.semel.enqueue(job, { id: "a" }, { delay: "1m" });
    expect(await kit.semel.cancel(handle.id, "not wanted")).toBe("cancelled");
    await kit.advance("2m");
    expect(work).not.toHaveBeenCalled();
    expect(await kit.semel.status(handle.id)).toMatchObject({
      state: "cancelled",
      error: { code: "JOB_CANCELLED", message: "not wanted" },
    });
    await expect(handle.result()).rejects.toMatchObject({ code: "JOB_CANCELLED" });
    expect(await kit.semel.cancel(handle.id)).toBe("finished");
    expect(await kit.semel.cancel(`${"x".repeat(32)}.x`)).toBe("unknown");
  });

  it("a running job is told through its signal, and ends cancelled", async () => {
    const heard: unknown[] = [];
    kit = createTestKit({ processors: [untilAborted(heard)] });
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await kit.waitForEvent("attempt.started");
    expect(await kit.semel.cancel(id, "stop it")).toBe("requested");
    expect(await kit.drain()).toMatchObject({ cancelled: 1 });
    expect(heard).toEqual(["cancelled"]);
    expect(await kit.semel.status(id)).toMatchObject({ state: "cancelled" });
  });

  it("a running job hears of it from another process with its next renewal", async () => {
    const heard: unknown[] = [];
    const backend = memory();
    kit = createTestKit({ processors: [untilAborted()] });
    // Two Semels on one backend share nothing but the store: no signal passes between them.
    const [worker, operator] = [0, 1].map(() =>
      createSemel({ ...backend, logger: false, runtime: { clock: kit.clock } }),
    ) as [ReturnType<typeof createSemel>, ReturnType<typeof createSemel>];
    worker.worker({ processors: [untilAborted(heard)] });
    const { id } = await worker.enqueue(job, { id: "b" });
    await kit.clock.advance(0);
    expect(await operator.cancel(id)).toBe("requested");
    await kit.clock.advance(9_000);
    expect(heard).toEqual([]);
    await kit.clock.advance(2_000);
    expect(heard).toEqual(["cancelled"]);
    expect(await operator.status(id)).toMatchObject({ state: "cancelled" });
    await worker.close();
    await operator.close();
  });
});

describe("time", () => {
  it("an attempt that takes too long is stopped and retried", async () => {
    const heard: unknown[] = [];
    const short = defineJob({ type: "work", payload, correlation: ["id"], timeout: "10s", retry: { maxAttempts: 2 } });
    kit = createTestKit({ processors: [processor(short, ({ signal }) => waitForAbort(signal, heard))] });
    const { id } = await kit.semel.enqueue(short, { id: "a" });
    await kit.advance("11s");
    expect(heard).toEqual(["timeout"]);
    expect(await kit.semel.status(id)).toMatchObject({ error: { code: "TIMEOUT" } });
    await kit.advance("1m");
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", reason: "ATTEMPTS_EXHAUSTED" });
  });

  it("a processor that ignores its signal loses its slot, and can do nothing more", async () => {
    let late: unknown;
    const shared = { queue: "one", payload, correlation: ["id"], retry: { maxAttempts: 1 } } as const;
    const short = defineJob({ type: "short", timeout: "10s", ...shared });
    const other = defineJob({ type: "other", ...shared });
    let wake = (): void => {};
    const deaf = processor(short, async ({ once }) => {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      late = await once("late", () => "effect").catch((error: unknown) => error);
    });
    kit = createTestKit({ processors: [deaf, processor(other, async () => {})], concurrency: 1 });
    const { id } = await kit.semel.enqueue(short, { id: "a" });
    const next = await kit.semel.enqueue(other, { id: "a" });
    await kit.advance("11s");
    expect(await kit.semel.status(next.id)).toMatchObject({ state: "pending" });
    await kit.advance("5s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", error: { code: "TIMEOUT" } });
    expect(await kit.semel.status(next.id)).toMatchObject({ state: "completed" });
    wake();
    await kit.drain();
    expect(late).toMatchObject({ code: "ATTEMPT_OVER" });
  });

  it("a job whose deadline is over is set aside, waiting or failing", async () => {
    const urgent = defineJob({
      type: "work",
      payload,
      correlation: ["id"],
      deadline: "10s",
      retry: { base: "1m", jitter: "equal" },
    });
    kit = createTestKit({
      processors: [
        processor(urgent, async () => {
          throw new Error("x");
        }),
      ],
    });
    const failing = await kit.semel.enqueue(urgent, { id: "a" });
    await kit.drain();
    expect(await kit.semel.status(failing.id)).toMatchObject({ state: "dead", reason: "DEADLINE" });
    await kit.semel.pause({ type: "work" });
    const waiting = await kit.semel.enqueue(urgent, { id: "b" });
    await kit.advance("11s");
    await kit.semel.resume({ type: "work" });
    await kit.drain();
    expect(await kit.semel.status(waiting.id)).toMatchObject({ state: "dead", reason: "DEADLINE", attempt: 1 });
  });

  it("a long attempt keeps its lease for as long as it runs", async () => {
    const work = vi.fn(
      ({ signal }: { signal: AbortSignal }) =>
        new Promise((resolve, reject) => {
          kit.clock.timer(600_000, () => resolve("done"));
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    kit = createTestKit({ processors: [processor(job, work)] });
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await kit.advance("9m");
    expect(await kit.semel.status(id)).toMatchObject({ state: "running", attempt: 1, crashes: 0 });
    expect(await kit.advance("2m")).toMatchObject({ completed: 1 });
    expect(work).toHaveBeenCalledTimes(1);
  });
});

describe("shutdown", () => {
  it("lets running jobs finish, gives back the others without burning an attempt, and names both", async () => {
    const backend = memory();
    kit = createTestKit({ processors: [untilAborted()] });
    const semel = createSemel({ ...backend, logger: false });
    let finish: (() => void) | undefined;
    const heard: unknown[] = [];
    const mixed = processor(
      job,
      ({ payload: { id }, signal }) =>
        new Promise((resolve, reject) => {
          if (id === "quick") finish = () => resolve("done");
          else
            signal.addEventListener("abort", () => {
              heard.push((signal.reason as { reason: string }).reason);
              reject(signal.reason);
            });
        }),
    );
    const worker = semel.worker({ processors: [mixed] });
    const quick = await semel.enqueue(job, { id: "quick" });
    const slow = await semel.enqueue(job, { id: "slow" });
    await waitFor(async () => finish && (await semel.status(slow.id))?.state === "running", { what: "both to run" });
    const closing = worker.close({ deadline: "100ms" });
    finish?.();
    expect(await closing).toEqual({ finished: [quick.id], released: [slow.id], leftBehind: [] });
    expect(heard).toEqual(["shutdown"]);
    expect(await semel.status(slow.id)).toMatchObject({ state: "retrying", attempt: 1, crashes: 0, deferrals: 0 });
    expect(await worker.close()).toEqual({ finished: [quick.id], released: [slow.id], leftBehind: [] });
    const second = semel.worker({ processors: [processor(job, async () => "by another")] });
    await second.idle();
    expect(await semel.status(job, slow.id)).toMatchObject({ state: "completed", result: "by another", attempt: 1 });
    await semel.close();
    await semel.close();
    await expect(semel.enqueue(job, { id: "late" })).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => semel.worker({ processors: [mixed] })).toThrow(/closed/);
  });
});

describe("what an operator sees and does", () => {
  it("says that a job runs first, where nothing is known of its worker", async () => {
    const backend = memory();
    // The list of workers was lost with all else, and is only written anew with their next heartbeat.
    vi.spyOn(backend.store, "workers").mockResolvedValue([]);
    const semel = createSemel({ ...backend, logger: false });
    const gate = Promise.withResolvers<string>();
    let isRunning = false;
    const running = processor(job, () => {
      isRunning = true;
      return gate.promise;
    });
    semel.worker({ processors: [running] });
    const { id, result } = await semel.enqueue(job, { id: "r" });
    await waitFor(() => isRunning, { what: "the attempt" });
    expect((await semel.explain(id)).map(({ code }) => code)).toEqual(["running", "no-worker"]);
    gate.resolve("done");
    await result();
    await semel.close();
  });

  it("explains why a job is not done", async () => {
    kit = createTestKit({ processors: [untilAborted()] });
    const nobody = defineJob({ type: "nobody", payload, correlation: ["id"] });
    const codes = async (id: string) => (await kit.semel.explain(id)).map(({ code }) => code);
    const orphan = await kit.semel.enqueue(nobody, { id: "a" });
    expect(await codes(orphan.id)).toEqual(["no-worker"]);
    expect((await kit.semel.explain(orphan.id))[0]?.text).toContain("the living workers take work");
    const delayed = await kit.semel.enqueue(job, { id: "d" }, { delay: "1h" });
    expect(await codes(delayed.id)).toEqual(["not-due"]);
    const running = await kit.semel.enqueue(job, { id: "r" });
    await kit.waitForEvent("attempt.started");
    expect(await codes(running.id)).toEqual(["running"]);
    await kit.semel.pause({ type: "work" });
    const paused = await kit.semel.enqueue(job, { id: "p" });
    expect(await codes(paused.id)).toEqual(["paused"]);
    await kit.semel.cancel(delayed.id);
    expect(await codes(delayed.id)).toEqual(["finished"]);
    expect(await codes(`${"x".repeat(32)}.x`)).toEqual([]);
  });

  it("is told once when nobody processes a type for a minute", async () => {
    kit = createTestKit({ processors: [processor(job, async () => "done")] });
    const nobody = defineJob({ type: "nobody", payload, correlation: ["id"] });
    for (const id of ["a", "b"]) await kit.semel.enqueue(nobody, { id });
    await kit.semel.enqueue(job, { id: "a" });
    await kit.advance("5m");
    expect(named("job.unattended")).toMatchObject([{ type: "nobody", forMs: 60_000 }]);
  });

  it("counts, and lists the living workers", async () => {
    kit = createTestKit({ processors: [untilAborted()], concurrency: 2 });
    for (const id of ["a", "b", "c"]) await kit.semel.enqueue(job, { id });
    await kit.semel.enqueue(job, { id: "d" }, { delay: "1h" });
    await kit.waitForEvent("attempt.started", ({ id }) => id !== "");
    await kit.clock.advance(0);
    expect(await kit.semel.counts()).toMatchObject([
      { queue: "work", types: ["work"], pending: 1, running: 2, delayed: 1, dead: 0, paused: false },
    ]);
    await kit.advance("11s");
    expect(await kit.semel.workers()).toMatchObject([
      { busy: 2, concurrency: 2, types: [{ type: "work", version: 1 }] },
    ]);
  });

  it("redrives a dead letter with its finished steps, once however often it is asked", async () => {
    const paid = vi.fn(() => "vector");
    let broken = true;
    kit = createTestKit({
      processors: [
        processor(job, async ({ once }) => {
          await once("embed", paid);
          if (broken) throw new NonRetryableError("row is gone: sk-abcdefghijklmnopqrstuvwx");
          return "stored";
        }),
      ],
    });
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await kit.drain();
    const letter = await kit.semel.deadLetters.get(id);
    expect(letter).toMatchObject({
      id,
      type: "work",
      reason: "NON_RETRYABLE",
      attempts: 1,
      payload: { id: "a" },
      correlation: { id: "a" },
      steps: ["embed"],
      error: { message: "row is gone: [redacted]" },
    });
    expect(await kit.semel.deadLetters.groups()).toMatchObject([
      { type: "work", reason: "NON_RETRYABLE", count: 1, sample: id },
    ]);
    broken = false;
    const again = await kit.semel.deadLetters.redrive(id);
    await expect(kit.semel.deadLetters.redrive(id)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    await kit.drain();
    expect(await kit.semel.status(again)).toMatchObject({ id: again, state: "completed", result: "stored" });
    expect(await kit.semel.status(id)).toMatchObject({ id: again, state: "completed" });
    expect(paid).toHaveBeenCalledTimes(1);
    expect(await kit.semel.deadLetters.get(id)).toBeUndefined();
  });

  it("purges only what it is told to", async () => {
    kit = createTestKit({
      processors: [
        processor(job, async () => {
          throw new NonRetryableError("x");
        }),
      ],
    });
    for (const id of ["a", "b"]) await kit.semel.enqueue(job, { id });
    await kit.drain();
    expect(await kit.semel.deadLetters.purge({})).toBe(0);
    expect(await kit.semel.deadLetters.purge({ type: "other" })).toBe(0);
    expect(await kit.semel.deadLetters.purge({ type: "work", reason: ["NON_RETRYABLE", "DEADLINE"] })).toBe(2);
  });

  it("reruns from scratch what has ended, where its payload is kept", async () => {
    const kept = defineJob({ type: "kept", payload, correlation: ["id"], keepPayload: true, result: z.number() });
    let runs = 0;
    kit = createTestKit({
      processors: [
        processor(kept, async ({ once }) => once("count", () => ++runs)),
        processor(job, async () => "done"),
      ],
    });
    const first = await kit.semel.enqueue(kept, { id: "a" });
    await kit.drain();
    const again = await kit.semel.rerun(first.id);
    await kit.drain();
    expect(await kit.semel.status(kept, again)).toMatchObject({ state: "completed", result: 2 });
    const other = await kit.semel.enqueue(job, { id: "a" });
    await kit.drain();
    await expect(kit.semel.rerun(other.id)).rejects.toMatchObject({ code: "PAYLOAD_NOT_KEPT" });
    expect(await kit.semel.enqueue(job, { id: "a" }, { rerun: true })).toMatchObject({ outcome: "created" });
    await expect(kit.semel.rerun(`${"x".repeat(32)}.x`)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });
});

describe("tenants", () => {
  const tenanted = defineJob({ type: "t", payload, correlation: ["id"], tenant: "required", result: z.string() });

  it("see nothing of each other, and the same work of two is two works", async () => {
    kit = createTestKit({
      processors: [
        processor(tenanted, async ({ tenant, payload: { id } }) => {
          if (id === "dies") throw new NonRetryableError("x");
          return tenant;
        }),
      ],
    });
    const [a, b] = [kit.semel.forTenant("a"), kit.semel.forTenant("b")];
    const [ofA, ofB] = [await a.enqueue(tenanted, { id: "1" }), await b.enqueue(tenanted, { id: "1" })];
    const dead = await a.enqueue(tenanted, { id: "dies" });
    expect([ofA.outcome, ofB.outcome]).toEqual(["created", "created"]);
    await kit.drain();
    expect(await a.status(tenanted, ofA.id)).toMatchObject({ result: "a" });
    expect(await b.status(ofA.id)).toBeUndefined();
    expect(await b.explain(ofA.id)).toEqual([]);
    expect(await b.cancel(ofA.id)).toBe("unknown");
    await expect(b.rerun(ofA.id)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    expect(await b.deadLetters.get(dead.id)).toBeUndefined();
    await expect(b.deadLetters.redrive(dead.id)).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    expect(await b.deadLetters.groups()).toEqual([]);
    expect(await b.deadLetters.purge({ type: "t" })).toBe(0);
    expect(await a.find(tenanted, { id: "1" })).toMatchObject({ id: ofA.id });
    expect(await kit.semel.forget("a")).toBe(2);
    expect(await a.status(ofA.id)).toBeUndefined();
    expect(await b.status(ofB.id)).toMatchObject({ result: "b" });
  });
});

describe("follow-ups and family", () => {
  it("onSettled enqueues with the settlement, also when the job dies, once however often it is settled", async () => {
    const told = defineJob({
      type: "told",
      payload: z.object({ of: z.string(), state: z.string() }),
      correlation: "none",
      result: z.void(),
    });
    const parent = defineJob({
      type: "parent",
      payload,
      correlation: ["id"],
      onSettled: (end) => request(told, { of: end.payload.id, state: end.state }),
    });
    const heard: unknown[] = [];
    kit = createTestKit({
      processors: [
        processor(parent, async ({ payload: { id } }) => {
          if (id === "dies") throw new NonRetryableError("x");
        }),
        processor(told, async ({ payload: p, envelope }) => void heard.push([p.of, p.state, envelope.causation?.type])),
      ],
    });
    await kit.semel.enqueue(parent, { id: "lives" });
    await kit.semel.enqueue(parent, { id: "dies" });
    kit.crashAt("settle:after");
    await kit.drain();
    await kit.advance("2m");
    expect(heard.sort()).toEqual([
      ["dies", "dead", "parent"],
      ["lives", "completed", "parent"],
    ]);
  });

  it("a job enqueued by another names it as its cause and inherits its tenant and trace", async () => {
    const child = defineJob({ type: "child", payload, correlation: ["id"], tenant: "required" });
    const parent = defineJob({ type: "parent", payload, correlation: ["id"], tenant: "required" });
    const seen: unknown[] = [];
    kit = createTestKit({
      processors: [
        processor(parent, async ({ enqueue }) => {
          await enqueue(child, { id: "c" });
        }),
        processor(
          child,
          async ({ envelope, tenant }) => void seen.push([tenant, envelope.causation?.type, envelope.tenant]),
        ),
      ],
    });
    await kit.semel.forTenant("org").enqueue(parent, { id: "p" });
    await kit.drain();
    expect(seen).toEqual([["org", "parent", "org"]]);
  });
});

describe("hooks and around", () => {
  it("a hook that throws or rejects changes nothing and is reported to the others", async () => {
    const told: string[] = [];
    kit = createTestKit({
      processors: [processor(job, async () => "done")],
      hooks: [
        {
          onEvent: () => {
            throw new Error("sync");
          },
        },
        {
          onEvent: async () => {
            throw new Error("async");
          },
        },
        { onEvent: ({ name }) => void told.push(name) },
      ],
    });
    await kit.semel.enqueue(job, { id: "a" });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(told).toContain("attempt.completed");
    expect(told.filter((name) => name === "hook.failed").length).toBeGreaterThan(3);
  });

  it("around wraps process, and what it throws is the attempt's failure", async () => {
    const order: string[] = [];
    let refuse = true;
    kit = createTestKit({
      processors: [
        processor(job, async () => {
          order.push("process");
          return "done";
        }),
      ],
      around: async (context, next) => {
        order.push(`before ${context.attempt}`);
        if (refuse) throw new Error("not in the mood");
        const result = await next();
        order.push("after");
        return result;
      },
    });
    await kit.semel.enqueue(job, { id: "a" });
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    refuse = false;
    await kit.advance("3s");
    expect(order).toEqual(["before 1", "before 2", "process", "after"]);
  });

  it("progress is kept, several in quick succession as one", async () => {
    let release = (): void => {};
    kit = createTestKit({
      processors: [
        processor(job, async ({ progress }) => {
          for (const step of [0.1, 0.2, 0.3]) await progress(step, `part ${step}`);
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }),
      ],
    });
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await kit.waitForEvent("job.progress", ({ fraction }) => fraction === 0.3);
    expect((await kit.semel.status(id))?.progress).toEqual({ fraction: 0.1, note: "part 0.1" });
    await kit.advance("11s");
    expect((await kit.semel.status(id))?.progress).toEqual({ fraction: 0.3, note: "part 0.3" });
    release();
    await kit.drain();
    expect(named("job.progress")).toHaveLength(3);
  });
});

describe("windows", () => {
  it("while-active work runs again once it has ended, with a new effect key", async () => {
    const keys: string[] = [];
    const again = defineJob({
      type: "again",
      payload,
      correlation: ["id"],
      window: "while-active",
      result: z.number(),
    });
    kit = createTestKit({ processors: [processor(again, ({ once }) => once("pay", ({ key }) => keys.push(key)))] });
    const first = await kit.semel.enqueue(again, { id: "a" });
    expect(await kit.semel.enqueue(again, { id: "a" })).toMatchObject({ outcome: "duplicate" });
    await kit.drain();
    expect(await first.result()).toBe(1);
    expect(await kit.semel.enqueue(again, { id: "a" })).toMatchObject({ outcome: "created" });
    await kit.drain();
    expect(new Set(keys).size).toBe(2);
  });

  it("completed work answers for its window, counted from its completion, and then runs again", async () => {
    const hourly = defineJob({ type: "hourly", payload, correlation: ["id"], window: "2h", result: z.string() });
    kit = createTestKit({ processors: [processor(hourly, async () => "done")] });
    await kit.semel.enqueue(hourly, { id: "a" });
    await kit.drain();
    await kit.advance("119m");
    expect(await kit.semel.enqueue(hourly, { id: "a" })).toMatchObject({ outcome: "replayed", value: "done" });
    await kit.advance("2m");
    expect(await kit.semel.enqueue(hourly, { id: "a" })).toMatchObject({ outcome: "created" });
  });

  it("dead work is run again by a new enqueue with its steps kept, unless its type keeps it dead", async () => {
    const paid = vi.fn(() => "vector");
    for (const onDead of ["rerun", "keep"] as const) {
      const mortal = defineJob({
        type: `mortal-${onDead}`,
        payload,
        correlation: ["id"],
        onDead,
        retry: { maxAttempts: 1 },
      });
      let broken = true;
      paid.mockClear();
      kit = createTestKit({
        processors: [
          processor(mortal, async ({ once }) => {
            await once("pay", paid);
            if (broken) throw new Error("x");
          }),
        ],
      });
      await kit.semel.enqueue(mortal, { id: "a" });
      await kit.drain();
      broken = false;
      expect(await kit.semel.enqueue(mortal, { id: "a" })).toMatchObject(
        onDead === "rerun" ? { outcome: "created" } : { outcome: "duplicate", state: "dead" },
      );
      await kit.drain();
      expect(paid).toHaveBeenCalledTimes(1);
      await kit.close();
    }
  });

  it("work without correlation is never the same work", async () => {
    const loose = defineJob({ type: "loose", payload, correlation: "none", result: z.string() });
    kit = createTestKit({ processors: [processor(loose, async () => "done")] });
    const [a, b] = [await kit.semel.enqueue(loose, { id: "a" }), await kit.semel.enqueue(loose, { id: "a" })];
    expect([a.outcome, b.outcome, a.id === b.id]).toEqual(["created", "created", false]);
    const waiting = await kit.semel.enqueue(loose, { id: "a" }, { delay: "1h" });
    expect(await kit.semel.status(waiting.id)).toMatchObject({ state: "delayed" });
    expect(await kit.semel.cancel(waiting.id)).toBe("cancelled");
    await kit.drain();
    expect(await a.result()).toBe("done");
    await expect(kit.semel.find(loose, {})).rejects.toThrow(/a job with a correlation/);
  });
});

describe("what must not be mixed up", () => {
  const text = z.object({ id: z.string(), text: z.string() });
  const titled = defineJob({
    type: "titled",
    payload: text,
    correlation: ["id"],
    result: z.string(),
    retry: { maxAttempts: 1 },
  });

  it("another payload in the place of dead work runs its steps anew, under another key", async () => {
    const keys = new Set<string>();
    let broken = true;
    kit = createTestKit({
      processors: [
        processor(titled, async ({ payload: p, once }) => {
          const vector = await once("embed", ({ key }) => {
            keys.add(key);
            return `vector of ${p.text}`;
          });
          if (broken) throw new Error("later");
          return vector;
        }),
      ],
    });
    await kit.semel.enqueue(titled, { id: "a", text: "OLD" });
    await kit.drain();
    broken = false;
    const second = await kit.semel.enqueue(titled, { id: "a", text: "NEW" });
    await kit.drain();
    expect(await second.result()).toBe("vector of NEW");
    expect(keys.size).toBe(2);
  });

  it("a dead letter is not redriven onto other work that took its place", async () => {
    kit = createTestKit({
      processors: [
        processor(titled, async () => {
          throw new NonRetryableError("x");
        }),
      ],
    });
    const dead = await kit.semel.enqueue(titled, { id: "a", text: "one" });
    await kit.drain();
    const other = await kit.semel.enqueue(titled, { id: "a", text: "two" }, { delay: "1h" });
    await expect(kit.semel.deadLetters.redrive(dead.id)).rejects.toMatchObject({
      code: "JOB_SUPERSEDED",
      details: { by: other.id },
    });
    expect(await kit.semel.deadLetters.get(dead.id)).toBeDefined();
  });

  it("a redrive that stopped half-way goes on under the same id, also when its job has run meanwhile", async () => {
    const backend = memory();
    let purging = false;
    const deadLetters = new Proxy(backend.deadLetters, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name === "purge" && !purging)
          return async () => {
            throw new Error("connection lost");
          };
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const semel = createSemel({ ...backend, deadLetters, logger: false });
    let broken = true;
    const worker = semel.worker({
      processors: [
        processor(titled, async () => {
          if (broken) throw new NonRetryableError("x");
          return "done";
        }),
      ],
    });
    const { id } = await semel.enqueue(titled, { id: "a", text: "one" });
    await worker.idle();
    broken = false;
    await expect(semel.deadLetters.redrive(id)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await worker.idle();
    purging = true;
    const again = await semel.deadLetters.redrive(id);
    expect(await semel.status(again)).toMatchObject({ id: again, state: "completed" });
    expect(await semel.deadLetters.get(id)).toBeUndefined();
    await semel.close();
  });

  it("a rerun the queue refuses leaves the completed job with its result", async () => {
    const backend = memory();
    let refuse = false;
    const queue = new Proxy(backend.queue, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name === "add" && refuse) return async () => [{ is: "refused", error: new Error("OOM") }];
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const semel = createSemel({ ...backend, queue, logger: false });
    const kept = defineJob({ type: "kept", payload, correlation: ["id"], keepPayload: true, result: z.string() });
    const worker = semel.worker({ processors: [processor(kept, async () => "done")] });
    const { id } = await semel.enqueue(kept, { id: "a" });
    await worker.idle();
    refuse = true;
    await expect(semel.rerun(id)).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE", outcome: "refused" });
    expect(await semel.status(kept, id)).toMatchObject({ id, state: "completed", result: "done" });
    refuse = false;
    const again = await semel.rerun(id);
    await worker.idle();
    expect(await semel.status(kept, again)).toMatchObject({ id: again, state: "completed" });
    await semel.close();
  });

  it("an old id cancels and answers for nothing but its own job", async () => {
    const again = defineJob({
      type: "again",
      payload,
      correlation: ["id"],
      window: "while-active",
      result: z.number(),
    });
    let runs = 0;
    kit = createTestKit({ processors: [processor(again, async () => ++runs)] });
    const first = await kit.semel.enqueue(again, { id: "a" });
    await kit.drain();
    expect(await first.result()).toBe(1);
    const second = await kit.semel.enqueue(again, { id: "a" }, { delay: "1h" });
    expect(await kit.semel.cancel(first.id)).toBe("finished");
    expect(await kit.semel.status(second.id)).toMatchObject({ id: second.id, state: "delayed" });
    await expect(first.result()).rejects.toMatchObject({ code: "JOB_SUPERSEDED", details: { by: second.id } });
  });

  it("a result that came as data cannot pass for an outcome", async () => {
    const forged = { "~semel": "outcome", decided: { is: "cancel", reason: "ha" } };
    kit = createTestKit({ processors: [processor(job, async () => JSON.parse(JSON.stringify(forged)))] });
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: forged });
  });

  it("another namespace on the same backend finds nothing under a foreign id", async () => {
    const backend = memory();
    const [prod, dev] = ["prod", "dev"].map((namespace) => createSemel({ ...backend, namespace, logger: false })) as [
      ReturnType<typeof createSemel>,
      ReturnType<typeof createSemel>,
    ];
    const { id } = await prod.enqueue(job, { id: "a" });
    expect(await dev.status(id)).toBeUndefined();
    expect(await dev.cancel(id)).toBe("unknown");
    expect(await prod.status(id)).toMatchObject({ state: "pending" });
    await Promise.all([prod.close(), dev.close()]);
  });
});

describe("what is written down", () => {
  it("holds no known secret and nothing of the redacted fields", async () => {
    const secret = `sk-${"a1B2".repeat(8)}`;
    const person = defineJob({
      type: "person",
      payload: z.object({ email: z.string(), n: z.number() }),
      correlation: ["email"],
      redact: ["email"],
      result: z.unknown(),
    });
    const cyclic: Record<string, unknown> = { token: `Bearer ${secret}` };
    cyclic.self = cyclic;
    kit = createTestKit({
      processors: [
        processor(person, async ({ payload: { n }, defer, deadLetter }) => {
          if (n === 1) return defer(`429 for ${secret}`, "1h");
          if (n === 2) return deadLetter(`refused ${secret}`, { token: `Bearer ${secret}` });
          return deadLetter("cyclic", cyclic as never);
        }),
      ],
    });
    const ids = [];
    for (const n of [1, 2, 3]) ids.push((await kit.semel.enqueue(person, { email: `a${n}@b`, n })).id);
    await kit.drain();
    const written = JSON.stringify([
      kit.events,
      await Promise.all(ids.map((id) => kit.semel.status(id))),
      await Promise.all(ids.map((id) => kit.semel.deadLetters.get(id))),
    ]);
    expect(written).not.toContain(secret);
    expect(written).not.toMatch(/a[23]@b/);
    expect(await kit.semel.deadLetters.get(ids[2] ?? "")).toMatchObject({
      reason: "REJECTED",
      details: expect.stringMatching(/^omitted: /),
    });
  });
});
