import { createSemel, defineJob, processor, type Which } from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const payload = z.object({ id: z.string() });
const job = defineJob({ type: "embed", payload, correlation: ["id"] });
const other = defineJob({ type: "mail", payload, correlation: ["id"], queue: "post" });

let kit: TestKit;
const start = (): TestKit => {
  kit = createTestKit({ processors: [processor(job, async () => {})] });
  return kit;
};
afterEach(() => kit.close());

/** As it comes from plain JavaScript. */
const wrong = (value: unknown): never => value as never;
const invalid = (message: RegExp) => ({ code: "OPTION_INVALID", message: expect.stringMatching(message) });
const paused = async (): Promise<readonly string[]> =>
  (await kit.semel.counts()).filter((row) => row.paused).map(({ queue }) => queue);

describe("what is paused by mistake", () => {
  const verbs = [
    ["pause", (which: Which) => kit.semel.pause(which)],
    ["resume", (which: Which) => kit.semel.resume(which)],
    ["limit", (which: Which) => kit.semel.limit(which, 3)],
  ] as const;

  it.each(verbs)("%s takes nothing for everything", async (name, verb) => {
    start();
    await kit.semel.enqueue(job, { id: "a" });
    await kit.semel.enqueue(other, { id: "a" });
    await expect(verb(wrong({ tpye: "embed" }))).rejects.toMatchObject(invalid(/tpye: expected one of type, queue/));
    await expect(verb(wrong("embed"))).rejects.toMatchObject(
      invalid(/expected an object with type, queue, got "embed"/),
    );
    await expect(verb(wrong(null))).rejects.toMatchObject(invalid(/expected an object/));
    await expect(verb({})).rejects.toMatchObject(invalid(/either \{ type \} or \{ queue \}.*got "neither"/));
    await expect(verb({ type: undefined })).rejects.toMatchObject(invalid(/got "neither"/));
    await expect(verb({ type: "embed", queue: "embed" })).rejects.toMatchObject(invalid(/got "both"/));
    await expect(verb({ type: "" })).rejects.toMatchObject(invalid(/a name, got ""/));
    for (const which of [{ type: "nope" }, { queue: "nope" }, { queue: "mail" }])
      await expect(verb(which)).rejects.toMatchObject({
        code: "QUEUE_UNKNOWN",
        message: expect.stringContaining(name),
      });
    expect(await paused()).toEqual([]);
  });

  it("a limit says what it is for", async () => {
    start();
    await expect(kit.semel.limit(wrong(undefined), 3)).rejects.toMatchObject(invalid(/limit: expected an object/));
  });

  it("a type leads to the queue it shares, and a bare pause covers what there is by then", async () => {
    start();
    await kit.semel.enqueue(other, { id: "a" });
    await kit.semel.pause({ type: "mail" });
    expect(await paused()).toEqual(["post"]);
    await kit.semel.resume({ queue: "post" });
    await kit.semel.pause();
    // Its worker was there; the first job comes only now.
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    expect([...(await paused())].sort()).toEqual(["embed", "post"]);
    expect(await kit.semel.explain(id)).toMatchObject([{ code: "paused" }]);
    await kit.semel.resume();
    expect(await paused()).toEqual([]);
  });

  it("a type whose worker lives elsewhere can be limited before its first job", async () => {
    start();
    const worker = kit.semel.worker({ processors: [processor(other, async () => {})] });
    await worker.idle();
    await kit.semel.limit({ queue: "post" }, 1);
    expect(await kit.semel.workers()).toContainEqual(
      expect.objectContaining({ types: [{ type: "mail", version: 1, queue: "post" }] }),
    );
  });
});

describe("options nobody reads", () => {
  it("are refused by every verb", async () => {
    start();
    const handle = await kit.semel.enqueue(job, { id: "a" });
    expect(() => kit.semel.worker(wrong({ processors: [], concurency: 3 }))).toThrow(/worker\.concurency/);
    expect(() => kit.semel.worker(wrong(undefined))).toThrow(/worker: expected an object with processors/);
    await expect(kit.semel.close(wrong({ deadlin: "1s" }))).rejects.toMatchObject(invalid(/close\.deadlin/));
    await expect(kit.semel.close(wrong({ deadline: 5 }))).rejects.toMatchObject(invalid(/close\.deadline/));
    await expect(kit.semel.close(wrong({ onClosed: "x" }))).rejects.toMatchObject(invalid(/close\.onClosed/));
    const worker = kit.semel.worker({ processors: [processor(other, async () => {})] });
    await expect(worker.close(wrong({ deadlin: "1s" }))).rejects.toMatchObject(invalid(/close\.deadlin/));
    await expect(handle.result(wrong({ timout: "1s" }))).rejects.toMatchObject(invalid(/result\.timout/));
    await expect(kit.semel.enqueue(job, { id: "b" }, wrong(null))).rejects.toMatchObject(invalid(/enqueue: expected/));
    await expect(kit.semel.enqueueMany(job, [], wrong({ dely: "1s" }))).rejects.toMatchObject(
      invalid(/enqueueMany\.dely/),
    );
    await expect(kit.semel.enqueueMany(job, [], wrong(null))).rejects.toMatchObject(invalid(/enqueueMany: expected/));
    await expect(kit.semel.deadLetters.purge(wrong(undefined))).rejects.toMatchObject(invalid(/expected an object/));
    // It was not closed.
    expect(await kit.semel.enqueue(job, { id: "c" })).toMatchObject({ outcome: "created" });
  });
});

describe("the options of one request", () => {
  const urgent = defineJob({ type: "urgent", payload, correlation: ["id"], priority: "normal" });

  it.each<[string, object, RegExp]>([
    [
      "a number for a priority",
      { priority: 1 },
      /^enqueue\.priority: expected one of "interactive", "normal", "bulk", got 1/,
    ],
    ["another word", { priority: "high" }, /^enqueue\.priority: .*got "high"/],
    ["null", { priority: null }, /^enqueue\.priority: .*got null/],
    ["a delay without a unit", { delay: 5 }, /^enqueue\.delay: expected a duration with a unit.*got 5/],
    ["a delay backwards", { delay: "-1s" }, /^enqueue\.delay: expected a duration of 0 or more.*got "-1s"/],
    ["a time that is text", { at: "2026-01-01" }, /^enqueue\.at: expected a valid Date/],
    ["meta that is text", { meta: "x" }, /^enqueue\.meta: expected an object/],
    ["meta that is a list", { meta: [1] }, /^enqueue\.meta: expected an object/],
    ["an id that is a number", { id: 5 }, /^id: expected 1 to 64 characters.*got 5/],
    ["an empty id", { id: "" }, /^id: expected 1 to 64 characters/],
    ["a rerun that is text", { rerun: "no" }, /^enqueue\.rerun: expected true or false/],
  ])("%s", async (_name, options, message) => {
    start();
    await expect(kit.semel.enqueue(urgent, { id: "a" }, wrong(options))).rejects.toMatchObject(invalid(message));
    expect(await kit.semel.counts()).toEqual([]);
  });
});

describe("ids", () => {
  const verbs: readonly [string, (id: never) => Promise<unknown>][] = [
    ["status", (id) => kit.semel.status(id)],
    ["status with a job", (id) => kit.semel.status(job, id)],
    ["explain", (id) => kit.semel.explain(id)],
    ["cancel", (id) => kit.semel.cancel(id)],
    ["rerun", (id) => kit.semel.rerun(id)],
    ["status of a tenant", (id) => kit.semel.forTenant("acme").status(id)],
  ];
  it.each(verbs)("%s refuses what no job can have as its id", async (_name, verb) => {
    start();
    await kit.semel.enqueue(job, { id: "a" }, { id: "A" });
    for (const id of ["A", "", 5, undefined, null, {}])
      await expect(verb(wrong(id))).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(verb(wrong("A"))).rejects.toThrow(
      /32 characters, a dot and 1 to 64 more .*only what follows the dot.*got "A"/,
    );
  });

  it("one id for other work is another job, and for the same work the same one", async () => {
    start();
    const first = await kit.semel.enqueue(job, { id: "a" }, { id: "A" });
    expect(await kit.semel.enqueue(job, { id: "a" }, { id: "A" })).toMatchObject({
      id: first.id,
      outcome: "duplicate",
    });
    const other = await kit.semel.enqueue(job, { id: "b" }, { id: "A" });
    expect(other.outcome).toBe("created");
    expect([first.id.slice(33), other.id.slice(33)]).toEqual(["A", "A"]);
    expect(other.id).not.toBe(first.id);
  });

  it("a reason for a cancel is a text", async () => {
    start();
    const { id } = await kit.semel.enqueue(job, { id: "a" });
    await expect(kit.semel.cancel(id, wrong(5))).rejects.toMatchObject(invalid(/cancel\(reason\)/));
  });
});

describe("processors", () => {
  it("that are none, or no array, are told apart", () => {
    start();
    expect(() => kit.semel.worker({ processors: [] })).toThrow(/at least one processor, got "none"/);
    expect(() => kit.semel.worker(wrong({ processors: job }))).toThrow(/expected an array of processors/);
  });
});

describe("what is wrong with the backend", () => {
  it("a defect of an adapter is no outage: it is told at once, and not as one that passes", async () => {
    start();
    await kit.semel.enqueue(job, { id: "a" });
    kit.backend.queue.failNext("add", { error: new TypeError("Map.groupBy is not a function") });
    await expect(kit.semel.enqueue(job, { id: "b" })).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      isRetryable: false,
      details: { outcome: "unknown" },
      message: expect.stringContaining("Map.groupBy is not a function"),
    });
  });

  it("what its start rejects with has a code, whatever it is", async () => {
    const backend = memory();
    const refusing = Object.assign(Object.create(backend.store), {
      features: backend.store.features,
      start: () => Promise.reject(Object.assign(new Error("NOPERM no permissions"), { isRetryable: false })),
    });
    const semel = createSemel({ ...backend, store: refusing, logger: false });
    const expected = { code: "STORE_UNAVAILABLE", isRetryable: false, message: expect.stringContaining("NOPERM") };
    await expect(semel.ready()).rejects.toMatchObject(expected);
    await expect(semel.counts()).rejects.toMatchObject(expected);
    await expect(semel.enqueue(job, { id: "a" })).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      isRetryable: false,
      details: { outcome: "refused" },
      message: expect.stringContaining("NOPERM"),
    });
    start();
  });
});
