import { DeferError, defineJob, type Finding, type OnceOptions, processor } from "@semel/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, type TestKit } from "../../src/index.ts";

const job = defineJob({
  type: "charge",
  payload: z.object({ id: z.string() }),
  correlation: ["id"],
  result: z.unknown(),
  retry: { base: "1s", jitter: "equal" },
});

/** What was charged outside, by the key of the effect: a provider that honours no key counts every call. */
let charged: string[] = [];
const charge = vi.fn(async (key: string): Promise<string> => {
  charged.push(key);
  return `receipt ${charged.length}`;
});
const verify = vi.fn<(effect: { key: string; since: Date }) => Promise<Finding<string>>>();

let kit: TestKit;
const start = (options: OnceOptions<string>): TestKit => {
  kit = createTestKit({
    processors: [processor(job, ({ once }) => once("charge", ({ key }) => charge(key), options))],
  });
  return kit;
};
const enqueue = () => kit.semel.enqueue(job, { id: "a" });
const named = (name: string) => kit.events.filter((event) => event.name === name);

beforeEach(() => {
  charged = [];
  charge.mockClear();
  verify.mockReset();
});
afterEach(() => kit.close());

const points = ["once:charge:before-effect", "once:charge:after-effect"] as const;

describe("a step whose worker died before its value was on record", () => {
  it.each(points)("is run again with the same key by default: died at %s", async (point) => {
    start({});
    kit.crashAt(point);
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 1 });
    expect(charged).toHaveLength(point.endsWith("after-effect") ? 2 : 1);
    expect(new Set(charged).size).toBe(1);
  });

  it.each(points)("halts where it says so, at most once whatever happens: died at %s", async (point) => {
    start({ onUncertain: "halt" });
    kit.crashAt(point);
    const { id } = await enqueue();
    await kit.drain();
    expect(await kit.advance("31s")).toMatchObject({ dead: 1 });
    expect(charged).toHaveLength(point.endsWith("after-effect") ? 1 : 0);
    const letter = await kit.semel.deadLetters.get(id);
    expect(letter).toMatchObject({
      reason: "UNCERTAIN_EFFECT",
      error: { code: "UNCERTAIN_EFFECT", message: expect.stringContaining('step "charge" may or may not') },
      details: { step: "charge", since: expect.any(Number) },
    });
    // Asked again, and answered the same: a redrive alone proves nothing.
    const again = await kit.semel.deadLetters.redrive(id);
    await kit.drain();
    expect(await kit.semel.status(again)).toMatchObject({ state: "dead", reason: "UNCERTAIN_EFFECT" });
    expect(charged).toHaveLength(point.endsWith("after-effect") ? 1 : 0);
  });

  it("halts no step that is on record", async () => {
    start({ onUncertain: "halt" });
    kit.crashAt("once:charge:after-record");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "receipt 1" });
    expect(charged).toHaveLength(1);
  });

  it("is verified where it says so: what is found is recorded, and nothing runs", async () => {
    start({ onUncertain: verify });
    verify.mockImplementation(async ({ key }) =>
      charged.includes(key) ? { is: "found", value: `found ${key === charged[0]}` } : { is: "absent" },
    );
    kit.crashAt("once:charge:after-effect");
    const begunAt = kit.clock.now();
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "found true" });
    expect(charged).toHaveLength(1);
    expect(verify.mock.calls).toEqual([[expect.objectContaining({ key: charged[0], since: new Date(begunAt) })]]);
    expect(named("step.verified")).toMatchObject([{ step: "charge", found: "found" }]);
  });

  it("is verified where it says so: what is absent runs, with the same key", async () => {
    start({ onUncertain: verify });
    verify.mockResolvedValue({ is: "absent" });
    kit.crashAt("once:charge:before-effect");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "receipt 1" });
    expect(charged).toHaveLength(1);
    expect(verify.mock.calls[0]?.[0].key).toBe(charged[0]);
  });

  it("is set aside when not even the outside world can tell", async () => {
    start({ onUncertain: verify });
    verify.mockResolvedValue({ is: "unknown" });
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", reason: "UNCERTAIN_EFFECT" });
    expect(charged).toHaveLength(1);
  });

  it("is asked about again when the question failed: the attempt fails, the step stays as it is", async () => {
    start({ onUncertain: verify });
    verify.mockRejectedValueOnce(new Error("ledger is down"));
    verify.mockRejectedValueOnce(new DeferError("may still be under way", "5s"));
    verify.mockResolvedValueOnce({ is: "found", value: "found" });
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    expect(await kit.advance("31s")).toMatchObject({ retried: 1 });
    expect(await kit.semel.status(id)).toMatchObject({ error: { message: "ledger is down" } });
    expect(await kit.advance("2s")).toMatchObject({ deferred: 1 });
    await kit.advance("6s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "found", attempt: 2 });
    expect(charged).toHaveLength(1);
  });

  it("is not run for an answer that is none of the three", async () => {
    start({ onUncertain: verify });
    verify.mockResolvedValue(undefined as never);
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      error: { code: "OPTION_INVALID", message: expect.stringContaining('{ is: "absent" }') },
    });
    expect(charged).toHaveLength(1);
  });

  it("is verified once more if the worker dies after the verification", async () => {
    start({ onUncertain: verify });
    verify.mockResolvedValue({ is: "found", value: "found" });
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    kit.crashAt("once:charge:after-record");
    await kit.advance("31s");
    await kit.advance("31s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "found", crashes: 2 });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(charged).toHaveLength(1);
  });
});

describe("a step whose effect failed", () => {
  it("is tried again by default", async () => {
    start({});
    charge.mockRejectedValueOnce(new Error("502"));
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    await kit.advance("2s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 2 });
  });

  it("halts at once, with the failure as the cause", async () => {
    start({ onUncertain: "halt" });
    charge.mockRejectedValueOnce(new Error("socket hang up"));
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ dead: 1 });
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      reason: "UNCERTAIN_EFFECT",
      error: { causes: [{ message: "socket hang up" }] },
      details: { step: "charge", since: null },
    });
    expect(charge).toHaveBeenCalledTimes(1);
  });

  it("because its attempt was told to stop halts when it is begun anew", async () => {
    const short = defineJob({ type: "short", payload: z.object({}), correlation: "none", timeout: "10s" });
    const stopped = vi.fn(
      ({ signal }: { signal: AbortSignal }) =>
        new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    kit = createTestKit({
      processors: [processor(short, async ({ once }) => void (await once("pay", stopped, { onUncertain: "halt" })))],
    });
    const { id } = await kit.semel.enqueue(short, {});
    await kit.advance("1m");
    expect(named("attempt.failed")).toMatchObject([{ error: { code: "TIMEOUT" } }]);
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", reason: "UNCERTAIN_EFFECT" });
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  it.each(["halt", verify] as const)("counts as never begun if it says so itself: %s", async (onUncertain) => {
    start({ onUncertain, isUndone: (error) => (error as { code?: string }).code === "ECONNREFUSED" });
    charge.mockRejectedValueOnce(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    await kit.advance("2s");
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 2 });
    expect(verify).not.toHaveBeenCalled();
    expect(named("step.started")).toMatchObject([{ repeated: false }, { repeated: false }]);
  });

  it("is not believed to be undone by a predicate that throws", async () => {
    start({
      onUncertain: "halt",
      isUndone: () => {
        throw new Error("no idea");
      },
    });
    charge.mockRejectedValueOnce(new Error("x"));
    const { id } = await enqueue();
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", reason: "UNCERTAIN_EFFECT" });
  });

  it("is verified by the next attempt", async () => {
    start({ onUncertain: verify });
    charge.mockImplementationOnce(async (key) => {
      charged.push(key);
      throw new Error("the answer was lost");
    });
    verify.mockImplementation(async ({ key }) =>
      charged.includes(key) ? { is: "found", value: "found" } : { is: "absent" },
    );
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ retried: 1 });
    await kit.advance("2s");
    expect(await kit.semel.status(job, id)).toMatchObject({ state: "completed", result: "found" });
    expect(charged).toHaveLength(1);
  });
});

describe("the way out of a halt", () => {
  const halted = async (): Promise<string> => {
    start({ onUncertain: "halt" });
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    return id;
  };

  it("is to say what was found: it is recorded, and nothing runs", async () => {
    const id = await halted();
    const again = await kit.semel.deadLetters.redrive(id, { finding: { is: "found", value: "by hand" } });
    await kit.drain();
    expect(await kit.semel.status(job, again)).toMatchObject({ state: "completed", result: "by hand" });
    expect(charged).toHaveLength(1);
  });

  it("is to say it also where the step's name looks like a secret, which the letter does not show", async () => {
    const key = "https://files.test/?key=abcdef0123456789";
    kit = createTestKit({
      processors: [
        processor(job, async ({ once }) => {
          await once("look", () => 1, { key });
          return once("charge", ({ key: effect }) => charge(effect), { key, onUncertain: "halt" });
        }),
      ],
    });
    kit.crashAt("once:charge:after-effect");
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("31s");
    const letter = await kit.semel.deadLetters.get(id);
    expect(letter?.reason).toBe("UNCERTAIN_EFFECT");
    expect(JSON.stringify(letter)).not.toContain("abcdef0123456789");
    const again = await kit.semel.deadLetters.redrive(id, { finding: { is: "found", value: "by hand" } });
    await kit.drain();
    expect(await kit.semel.status(job, again)).toMatchObject({ state: "completed", result: "by hand" });
    expect(charged).toHaveLength(1);
  });

  it("is to say that nothing was there: the step runs, with the same key, and halts anew if that is uncertain again", async () => {
    const id = await halted();
    kit.crashAt("once:charge:after-effect");
    const again = await kit.semel.deadLetters.redrive(id, { finding: { is: "absent" } });
    await kit.drain();
    await kit.advance("31s");
    expect(await kit.semel.status(again)).toMatchObject({ state: "dead", reason: "UNCERTAIN_EFFECT" });
    expect(charged).toEqual([charged[0], charged[0]]);
  });

  it("is to run everything from scratch, under another key", async () => {
    const id = await halted();
    const again = await kit.semel.deadLetters.redrive(id, { steps: "fresh" });
    await kit.drain();
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed" });
    expect(new Set(charged).size).toBe(2);
  });

  it("is refused where it makes no sense", async () => {
    const id = await halted();
    const { redrive } = kit.semel.deadLetters;
    const found = { is: "found", value: 1 } as const;
    await expect(redrive(id, { steps: "fresh", finding: found })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(redrive(id, { finding: { is: "unknown" } as never })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    await expect(redrive(id, { finding: { is: "found", value: { n: 1n } } })).rejects.toMatchObject({
      code: "STEP_VALUE_UNSTORABLE",
    });
    expect(await kit.semel.deadLetters.get(id)).toBeDefined();
    await kit.close();

    kit = createTestKit({ processors: [processor(job, async ({ deadLetter }) => deadLetter("no"))] });
    const rejected = await enqueue();
    await kit.drain();
    await expect(kit.semel.deadLetters.redrive(rejected.id, { finding: found })).rejects.toThrow(/UNCERTAIN_EFFECT/);
  });
});

describe("a step's value", () => {
  it("that is too large is not paid for again: not by a retry, a redrive, or a new enqueue", async () => {
    const effect = vi.fn(() => "x".repeat(300_000));
    kit = createTestKit({
      processors: [
        processor(job, ({ once }) => once("embed", effect), {
          // Somebody who retries everything.
          classifyFailure: () => "retry",
        }),
      ],
    });
    const { id } = await enqueue();
    await kit.drain();
    await kit.advance("1h");
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      reason: "ATTEMPTS_EXHAUSTED",
      error: {
        code: "STEP_VALUE_TOO_LARGE",
        message: expect.stringContaining("300002 bytes and the store takes 262144"),
      },
      steps: ["embed"],
    });
    await kit.semel.deadLetters.redrive(id);
    await kit.advance("1h");
    await kit.semel.enqueue(job, { id: "a" });
    await kit.advance("1h");
    expect(effect).toHaveBeenCalledTimes(1);
  });

  it("that is larger than the step declared is dead at once, and there for whoever raises maxBytes", async () => {
    const effect = vi.fn(() => "x".repeat(100));
    let maxBytes = 50;
    kit = createTestKit({ processors: [processor(job, ({ once }) => once("embed", effect, { maxBytes }))] });
    const { id } = await enqueue();
    expect(await kit.drain()).toMatchObject({ dead: 1 });
    expect(await kit.semel.status(id)).toMatchObject({
      reason: "NON_RETRYABLE",
      error: { code: "STEP_VALUE_TOO_LARGE" },
    });
    maxBytes = 200;
    const again = await kit.semel.deadLetters.redrive(id);
    await kit.drain();
    expect(await kit.semel.status(job, again)).toMatchObject({ state: "completed", result: "x".repeat(100) });
    expect(effect).toHaveBeenCalledTimes(1);
  });

  it("that may be larger than the store takes is refused before anything runs", async () => {
    start({ maxBytes: 1_000_000 });
    const { id } = await enqueue();
    await kit.drain();
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      error: {
        code: "OPTION_INVALID",
        message: expect.stringContaining("maxBytes }): expected a whole number from 1 to 262144"),
      },
    });
    expect(charge).not.toHaveBeenCalled();
  });
});

describe("once", () => {
  it.each([
    [{ onUncertain: "ask" }, /"retry", "halt" or a function/],
    [{ isUndone: true }, /a function/],
    [{ maxBytes: 0 }, /a whole number from 1/],
    [{ onUncertian: "halt" }, /one of key, input, onUncertain/],
    [{ key: "x".repeat(201) }, /at most 200/],
  ])("refuses %j, and runs nothing", async (options, message) => {
    start(options as never);
    const { id } = await enqueue();
    await kit.drain();
    expect((await kit.semel.deadLetters.get(id))?.error).toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(message),
    });
    expect(charge).not.toHaveBeenCalled();
  });

  it("after its attempt has completed explains itself, and runs nothing", async () => {
    let after = (): Promise<unknown> => Promise.resolve();
    kit = createTestKit({
      processors: [
        processor(job, async ({ once }) => {
          after = () => once("late", ({ key }) => charge(key)).catch((error: unknown) => error);
          return "done";
        }),
      ],
    });
    await enqueue();
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await after()).toMatchObject({ code: "ATTEMPT_OVER", message: expect.stringContaining("inside `process`") });
    expect(charge).not.toHaveBeenCalled();
  });
});
