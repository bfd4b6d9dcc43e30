import { createSemel, defineJob, processor } from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit, waitFor } from "../../src/index.ts";

const payload = z.object({ id: z.string(), text: z.string() });
const job = defineJob({ type: "embed", payload, correlation: ["id"], result: z.unknown() });
const work = vi.fn(async (): Promise<unknown> => "done");
const embed = processor(job, work);

let kit: TestKit;
const start = (over: Partial<Parameters<typeof createTestKit>[0]> = {}): TestKit => {
  work.mockReset().mockResolvedValue("done");
  kit = createTestKit({ processors: [embed], ...over });
  return kit;
};
afterEach(() => kit.close());
const names = (): string[] => kit.events.map(({ name }) => name);

describe("at enqueue", () => {
  it("names every path that does not fit the schema, and enqueues nothing", async () => {
    start();
    await expect(kit.semel.enqueue(job, { id: 7, text: null } as never)).rejects.toMatchObject({
      code: "PAYLOAD_INVALID",
      details: { type: "embed", issues: [{ path: "id" }, { path: "text" }] },
    });
    expect(await kit.semel.counts()).toEqual([]);
    expect(names()).toContain("job.refused");
  });

  it("names the fields in which the same work differs", async () => {
    start();
    const first = await kit.semel.enqueue(job, { id: "a", text: "one" });
    await expect(kit.semel.enqueue(job, { id: "a", text: "two" })).rejects.toMatchObject({
      code: "CORRELATION_CONFLICT",
      details: { id: first.id, fields: ["text"] },
    });
  });

  it("refuses a correlation field that is missing or empty", async () => {
    start();
    await expect(kit.semel.enqueue(job, { id: "", text: "x" })).rejects.toMatchObject({
      code: "CORRELATION_MISSING",
      details: { field: "id" },
    });
    const computed = defineJob({ type: "c", payload, correlation: () => ({}) });
    await expect(kit.semel.enqueue(computed, { id: "a", text: "x" })).rejects.toMatchObject({
      code: "CORRELATION_MISSING",
    });
  });

  it("refuses a priority its type does not take, two times to start at, and meta without end", async () => {
    start();
    const enqueue = (options: object) => kit.semel.enqueue(job, { id: "a", text: "x" }, options);
    await expect(enqueue({ priority: "bulk" })).rejects.toThrow(/declares a priority/);
    await expect(enqueue({ delay: "1s", at: new Date() })).rejects.toThrow(/either delay or at/);
    await expect(enqueue({ at: new Date(Number.NaN) })).rejects.toThrow(/a valid Date/);
    await expect(enqueue({ id: "a:b" })).rejects.toThrow(/1 to 64 characters/);
    await expect(enqueue({ meta: { big: "x".repeat(5_000) } })).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(await kit.semel.counts()).toEqual([]);
  });

  it("refuses a tenant's job without its tenant", async () => {
    start();
    const tenanted = defineJob({ type: "t", payload, correlation: ["id"], tenant: "required" });
    await expect(kit.semel.enqueue(tenanted as never, { id: "a", text: "x" } as never)).rejects.toMatchObject({
      code: "TENANT_INVALID",
    });
    expect(() => kit.semel.forTenant("a\nb")).toThrow(/tenant id/);
  });

  it("takes any text: NUL, emoji, right-to-left, a megabyte", async () => {
    start();
    const odd = ["a\u0000b", "😀👩‍👩‍👧", "שלום\u202e", "x".repeat(900_000), '"\\\n'];
    for (const [index, text] of odd.entries()) await kit.semel.enqueue(job, { id: `odd-${index}`, text });
    await kit.drain();
    const calls = work.mock.calls as unknown as [{ payload: { text: string } }][];
    // Side by side, so in no promised order.
    expect(calls.map(([context]) => context.payload.text).sort()).toEqual([...odd].sort());
  });

  it("keeps what is refused apart from what is accepted, many at a time", async () => {
    start();
    const many = Array.from({ length: 1_200 }, (_, index) => ({
      id: `d${index % 600}`,
      text: index === 700 ? "other" : "same",
    }));
    const { accepted, refused } = await kit.semel.enqueueMany(job, [...many, { id: 1 } as never]);
    expect(accepted.filter(({ outcome }) => outcome === "created")).toHaveLength(600);
    expect(accepted.filter(({ outcome }) => outcome !== "created")).toHaveLength(599);
    expect(refused.map(({ index, error }) => [index, error.code])).toEqual([
      [700, "CORRELATION_CONFLICT"],
      [1_200, "PAYLOAD_INVALID"],
    ]);
  });
});

describe("at the worker", () => {
  /** What another writer, or an older deployment, left in the queue. */
  const slip = async (change: (envelope: Record<string, unknown>) => void): Promise<string> => {
    const backend = memory();
    const producer = createSemel({ ...backend, logger: false });
    const { id } = await producer.enqueue(job, { id: "a", text: "x" });
    const taken: string[] = [];
    const consumer = await backend.queue.consume("embed", { concurrency: 1, holdMs: 60_000 }, async ({ envelope }) => {
      taken.push(envelope);
      return { do: "ack" };
    });
    await waitFor(async () => !(await backend.queue.has("embed", id)), { what: "the delivery to be acknowledged" });
    await consumer[Symbol.asyncDispose]();
    const envelope = JSON.parse(taken[0] ?? "{}");
    change(envelope);
    await backend.queue.add([{ id, lane: "embed", type: "embed", envelope: JSON.stringify(envelope), delayMs: 0 }]);
    work.mockReset().mockResolvedValue("done");
    const semel = createSemel({ ...backend, logger: false });
    const worker = semel.worker({ processors: [embed] });
    await worker.idle();
    const status = await semel.status(id);
    const letters = [];
    for await (const letter of semel.deadLetters.list()) letters.push(letter);
    await semel.close();
    return JSON.stringify([status?.state, status?.attempt, letters.map(({ reason, error }) => [reason, error.code])]);
  };

  it("dead-letters old data that no longer fits, without a retry and without running it", async () => {
    start();
    expect(await slip((envelope) => Object.assign(envelope, { payload: { id: "a" }, version: 1 }))).toBe(
      '["dead",1,[["INVALID_PAYLOAD","PAYLOAD_INVALID"]]]',
    );
    expect(work).not.toHaveBeenCalled();
  });

  it("dead-letters an envelope it cannot read", async () => {
    start();
    expect(await slip((envelope) => Object.assign(envelope, { createdAt: "yesterday" }))).toBe(
      '["dead",1,[["INVALID_ENVELOPE","ENVELOPE_INVALID"]]]',
    );
  });

  it("dead-letters a delivery that carries another payload than was enqueued under its id", async () => {
    start();
    expect(await slip((envelope) => Object.assign(envelope, { fingerprint: "forged" }))).toBe(
      '["dead",1,[["CONFLICT","CORRELATION_CONFLICT"]]]',
    );
    expect(work).not.toHaveBeenCalled();
  });

  it("holds a newer payload version and a newer envelope, and fails neither", async () => {
    start();
    const newer = defineJob({ type: "embed", version: 2, payload, correlation: ["id"] });
    const { id } = await kit.semel.enqueue(newer, { id: "n", text: "x" });
    expect(await kit.drain()).toMatchObject({ completed: 0, dead: 0 });
    expect(kit.events.find(({ name }) => name === "delivery.held")).toMatchObject({ id, reason: "newer-version" });
    expect(await kit.semel.explain(id)).toMatchObject([{ code: "newer-version" }]);
    await kit.advance("40s");
    expect(kit.events.filter(({ name }) => name === "delivery.held").length).toBeGreaterThan(2);
    expect(await kit.semel.status(id)).toMatchObject({ state: "pending", attempt: 1 });
  });

  it("holds a type it does not know in a queue it shares", async () => {
    const shared = { payload, correlation: ["id"], queue: "lane" } as const;
    const known = defineJob({ type: "known", ...shared });
    const other = defineJob({ type: "other", ...shared });
    kit = createTestKit({ processors: [processor(known, async () => {})] });
    const { id } = await kit.semel.enqueue(other, { id: "a", text: "x" });
    const mine = await kit.semel.enqueue(known, { id: "a", text: "x" });
    await kit.drain();
    expect(kit.events.find(({ name }) => name === "delivery.held")).toMatchObject({ id, reason: "unknown-type" });
    expect(await kit.semel.status(mine.id)).toMatchObject({ state: "completed" });
    expect(await kit.semel.explain(id)).toMatchObject([{ code: "no-worker" }]);
  });

  it("brings an older payload up to its version", async () => {
    const v1 = defineJob({ type: "doc", payload: z.object({ id: z.string() }), correlation: ["id"] });
    const v3 = defineJob({
      type: "doc",
      version: 3,
      payload: z.object({ id: z.string(), revision: z.number(), model: z.string() }),
      correlation: ["id"],
      result: z.string(),
      upcast: { 1: (old) => ({ ...old, revision: 1 }), 2: (old) => ({ ...old, model: "small" }) },
    });
    kit = createTestKit({ processors: [processor(v3, async ({ payload: p }) => `${p.id}/${p.revision}/${p.model}`)] });
    const { id } = await kit.semel.enqueue(v1, { id: "a" });
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: "a/1/small" });
    expect(await kit.semel.enqueue(v3, { id: "a", revision: 2, model: "large" })).toMatchObject({
      outcome: "replayed",
    });
  });
});

describe("results", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  let deep: unknown = 1;
  for (let level = 0; level < 20_000; level++) deep = [deep];

  it.each([
    ["a BigInt", { n: 1n }],
    ["a cycle", cyclic],
    ["20,000 levels", deep],
    ["NaN", { n: Number.NaN }],
    ["more than the store takes", "x".repeat(300_000)],
  ])("that are %s leave the job completed without them, and never run again", async (_name, result) => {
    start();
    work.mockResolvedValue(result);
    const handle = await kit.semel.enqueue(job, { id: "r", text: "x" });
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.semel.status(handle.id)).toMatchObject({
      state: "completed",
      result: undefined,
      resultOmitted: expect.any(String),
    });
    await expect(handle.result()).rejects.toMatchObject({ code: "RESULT_UNAVAILABLE" });
    expect(await kit.semel.enqueue(job, { id: "r", text: "x" })).toMatchObject({
      outcome: "replayed",
      value: undefined,
    });
    await kit.advance("1h");
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("that do not fit their schema are dead-lettered at once: a memoised step would only answer the same", async () => {
    const strict = defineJob({ type: "strict", payload, correlation: ["id"], result: z.object({ n: z.number() }) });
    kit = createTestKit({ processors: [processor(strict, async () => ({ n: "7" }) as never)] });
    const { id } = await kit.semel.enqueue(strict, { id: "a", text: "x" });
    expect(await kit.drain()).toMatchObject({ dead: 1, retried: 0 });
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      reason: "NON_RETRYABLE",
      error: { code: "RESULT_INVALID" },
    });
  });
});

describe("whatever a processor throws", () => {
  const hostile = Object.defineProperties(new Error("x"), {
    message: {
      get: () => {
        throw new Error("the message throws");
      },
    },
    stack: {
      get: () => {
        throw new Error("the stack throws");
      },
    },
  });
  it.each([
    ["text", "boom"],
    ["null", null],
    ["undefined", undefined],
    ["a frozen error", Object.freeze(new Error("cold"))],
    ["an error whose getters throw", hostile],
    ["a number", 42],
  ])("%s is recorded readably and retried", async (_name, thrown) => {
    start();
    work.mockRejectedValueOnce(thrown);
    const { id } = await kit.semel.enqueue(job, { id: "t", text: "x" });
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    expect(await kit.semel.status(id)).toMatchObject({
      state: "retrying",
      error: { code: "PROCESSOR_FAILED", message: expect.stringMatching(/./) },
    });
    expect(await kit.advance("2s")).toMatchObject({ completed: 1 });
  });

  it("a synchronous throw counts like any other", async () => {
    start();
    work.mockImplementationOnce(() => {
      throw new TypeError("sync");
    });
    await kit.semel.enqueue(job, { id: "t", text: "x" });
    expect(await kit.drain()).toMatchObject({ retried: 1 });
  });
});

describe("outcomes", () => {
  it("made and not returned is an error, never silence", async () => {
    const forgetful = processor(job, async ({ defer }) => {
      defer("later", "1m");
      return "done";
    });
    kit = createTestKit({ processors: [forgetful] });
    const { id } = await kit.semel.enqueue(job, { id: "o", text: "x" });
    expect(await kit.drain()).toMatchObject({ dead: 1 });
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      error: { code: "OUTCOME_NOT_RETURNED", message: expect.stringContaining("return defer(…)") },
    });
  });

  it("a repeated step name explains itself, a key tells steps apart", async () => {
    const ran: string[] = [];
    const looping = processor(job, async ({ payload: { text }, once }) => {
      for (const part of [1, 2])
        await once("part", () => ran.push(`${text}${part}`), text === "keyed" ? { key: part } : {});
      return "done";
    });
    kit = createTestKit({ processors: [looping] });
    await kit.semel.enqueue(job, { id: "k", text: "keyed" });
    const bad = await kit.semel.enqueue(job, { id: "b", text: "bare" });
    expect(await kit.drain()).toMatchObject({ completed: 1, dead: 1 });
    expect(ran).toEqual(["keyed1", "keyed2", "bare1"].sort((a, b) => ran.indexOf(a) - ran.indexOf(b)));
    expect(await kit.semel.deadLetters.get(bad.id)).toMatchObject({
      error: { code: "STEP_NAME_REPEATED", message: expect.stringContaining("{ key }") },
    });
  });

  it("a memo whose input changed is a conflict", async () => {
    let input = 1;
    const changing = processor(job, async ({ once }) => {
      await once("embed", () => "vector", { input: { input: input++ } });
      throw new Error("after the step");
    });
    kit = createTestKit({ processors: [changing] });
    const { id } = await kit.semel.enqueue(job, { id: "i", text: "x" });
    await kit.drain();
    await kit.advance("5s");
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      reason: "NON_RETRYABLE",
      error: { code: "STEP_CONFLICT" },
    });
  });

  it("a step's value is the same on the first run and on a replay", async () => {
    const seen: unknown[] = [];
    const dated = processor(job, async ({ once, attempt }) => {
      seen.push(await once("now", () => ({ at: new Date(0), vector: new Float32Array([1, 2]) })));
      if (attempt === 1) throw new Error("again");
      return "done";
    });
    kit = createTestKit({ processors: [dated] });
    await kit.semel.enqueue(job, { id: "s", text: "x" });
    await kit.drain();
    await kit.advance("5s");
    expect(seen).toEqual([
      { at: "1970-01-01T00:00:00.000Z", vector: new Float32Array([1, 2]) },
      { at: "1970-01-01T00:00:00.000Z", vector: new Float32Array([1, 2]) },
    ]);
  });

  it("a step's value that cannot be stored is dead-lettered rather than paid for again", async () => {
    const effect = vi.fn(() => ({ n: 1n }));
    kit = createTestKit({ processors: [processor(job, ({ once }) => once("paid", effect))] });
    const { id } = await kit.semel.enqueue(job, { id: "v", text: "x" });
    await kit.drain();
    await kit.advance("1h");
    expect(effect).toHaveBeenCalledTimes(1);
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({ error: { code: "STEP_VALUE_UNSTORABLE" } });
  });
});

describe("what is easily forgotten", () => {
  it("a step that is not awaited is waited for, put on record, and named", async () => {
    const effects: string[] = [];
    const hasty = processor(job, async ({ once }) => {
      void once("slow", async () => {
        await new Promise((resolve) => setImmediate(resolve));
        effects.push("paid");
      });
      return "done";
    });
    kit = createTestKit({ processors: [hasty] });
    const { id } = await kit.semel.enqueue(job, { id: "h", text: "x" });
    await kit.drain();
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      error: { code: "STEP_NOT_AWAITED", message: expect.stringContaining("await once") },
      steps: ["slow"],
    });
    expect(effects).toEqual(["paid"]);
  });

  it("of several steps at once, one that fails does not keep the others off the record", async () => {
    let runs = 0;
    const both = processor(job, async ({ once, attempt }) => {
      const [a] = await Promise.all([
        once("a", async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return ++runs;
        }),
        once("b", () => {
          if (attempt === 1) throw new Error("b is down");
        }),
      ]);
      return a;
    });
    kit = createTestKit({ processors: [both] });
    const { id } = await kit.semel.enqueue(job, { id: "p", text: "x" });
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    await kit.advance("2s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: 1 });
  });

  it("a misspelt option is refused, not ignored", async () => {
    start();
    expect(() => createSemel({ ...memory(), loger: false } as never)).toThrow(
      /createSemel\.loger: expected one of queue, /,
    );
    expect(() => defineJob({ type: "t", payload, correlation: "none", timout: "1s" } as never)).toThrow(
      /timout: expected one of/,
    );
    await expect(kit.semel.enqueue(job, { id: "a", text: "x" }, { dely: "1s" } as never)).rejects.toThrow(
      /enqueue\.dely/,
    );
    // @ts-expect-error: there is no such point
    expect(() => kit.crashAt("once:pay:typo")).toThrow(/crashAt: expected a point of docs/);
  });

  it("a proxy that throws at everything is recorded and retried when thrown, and omitted when returned", async () => {
    start();
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    work.mockRejectedValueOnce(hostile).mockImplementationOnce(async () => [hostile]);
    const { id } = await kit.semel.enqueue(job, { id: "x", text: "x" });
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    expect(await kit.advance("2s")).toMatchObject({ completed: 1 });
    expect(await kit.semel.status(id)).toMatchObject({
      state: "completed",
      resultOmitted: expect.any(String),
      crashes: 0,
    });
    const getter = Object.defineProperty({ id: "g" }, "text", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    await expect(kit.semel.enqueue(job, getter as never)).rejects.toMatchObject({ code: "PAYLOAD_NOT_JSON" });
  });
});

describe("a store that forgets sooner than a job may take", () => {
  const dayMs = 86_400_000;
  const keeping = (retentionMs: number) => {
    const backend = memory();
    const store = new Proxy(backend.store, {
      get(target, name) {
        if (name === "features") return { ...target.features, retentionMs };
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    return createSemel({ ...backend, store, logger: false });
  };
  const define = (over: { deadline?: "2d"; window?: "1h" | "9d" }) =>
    defineJob({ type: "late", correlation: ["id"], payload: z.object({ id: z.string() }), window: "1h", ...over });

  it("is refused when a worker starts, and at the enqueue of what it cannot keep", async () => {
    await using semel = keeping(2 * dayMs);
    const tooLate = define({ deadline: "2d" });
    expect(() => semel.worker({ processors: [processor(tooLate, async () => {})] })).toThrow(
      expect.objectContaining({
        code: "RETENTION_TOO_SHORT",
        message: expect.stringMatching(
          /expected a store that keeps records for 2\.0 d .*, got one that keeps them for 2\.0 d/,
        ),
        details: { type: "late", neededMs: 2 * dayMs + 3_600_000, retentionMs: 2 * dayMs },
      }),
    );
    await expect(semel.enqueue(tooLate, { id: "a" })).rejects.toMatchObject({ code: "RETENTION_TOO_SHORT" });
    await expect(semel.enqueue(define({ window: "9d" }), { id: "a" })).rejects.toMatchObject({
      code: "RETENTION_TOO_SHORT",
      message: expect.stringContaining("its window"),
    });
    // A day of deadline is kept; a day of delay in front of it is not.
    expect(await semel.enqueue(define({}), { id: "a" })).toMatchObject({ outcome: "created" });
    await expect(semel.enqueue(define({}), { id: "b" }, { delay: "1d" })).rejects.toMatchObject({
      code: "RETENTION_TOO_SHORT",
    });
    expect(await semel.find(define({}), { id: "b" })).toBeUndefined();
  });
});
