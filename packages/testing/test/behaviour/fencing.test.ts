import {
  createSemel,
  DeferError,
  defineJob,
  type JobContext,
  NonRetryableError,
  processor,
  request,
  type Semel,
  type SemelEvent,
} from "@semel/core";
import type { Claim } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

const told = defineJob({ type: "told", payload: z.object({}), correlation: "none" });
const job = defineJob({
  type: "work",
  payload: z.object({ id: z.string() }),
  correlation: ["id"],
  result: z.unknown(),
  onSettled: () => request(told, {}),
});

let clock: VirtualClock;
let backend: ReturnType<typeof memory>;
let semel: Semel;
let events: SemelEvent[];
let effects: string[];
beforeEach(() => {
  [clock, backend, events, effects] = [new VirtualClock(), memory(), [], []];
  const hooks = [{ onEvent: (event: SemelEvent) => void events.push(event) }];
  semel = createSemel({ ...backend, logger: false, runtime: { clock }, hooks });
});
afterEach(() => Promise.all([semel.close({ deadline: "0s" }), clock.advance(120_000)]));

const names = (): string[] => events.map(({ name }) => name).filter((name) => name.startsWith("attempt."));

/** A job that runs until it is let go, and then does `then`. */
async function held(then: (context: JobContext<typeof job>) => unknown) {
  let letGo = (): void => {};
  let signal = new AbortController().signal;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const holding = processor(job, async (context) => {
    signal = context.signal;
    await gate;
    return (await then(context)) as never;
  });
  semel.worker({ processors: [holding] });
  const { id } = await semel.enqueue(job, { id: "a" });
  await clock.advance(0);
  return { id, letGo, signal: () => signal };
}

/** What another worker does once this one's lease is over, without this one noticing. */
async function takeOver(id: string): Promise<Claim> {
  const key = id.slice(0, 32);
  const [record] = await backend.store.read([key]);
  const { owner = "", fence = 0, fingerprint } = record ?? {};
  const claim: Claim = {
    ...{
      op: "claim",
      key,
      id,
      owner: "other:1",
      type: "work",
      lane: "work",
      tenant: undefined,
      fingerprint,
      version: 1,
    },
    ...{ delayMs: 0, deadlineMs: 1_000_000, leaseMs: 600_000, maxCrashes: 3 },
  };
  const release = { state: "retrying", counts: "nothing", delayMs: 0, error: undefined } as const;
  await backend.store.apply([{ op: "settle", key, owner, fence, as: release }, claim]);
  return claim;
}

const ways: Readonly<Record<string, (context: JobContext<typeof job>) => unknown>> = {
  completes: () => "mine",
  "completes with more than can be kept": () => "x".repeat(300_000),
  fails: () => {
    throw new Error("mine");
  },
  "asks for a retry": ({ retry }) => retry({ after: "1s" }),
  "defers itself": ({ defer }) => defer("busy", "1m"),
  "is deferred by what it called": () => {
    throw new DeferError("busy", "1m");
  },
  "dead-letters itself": ({ deadLetter }) => deadLetter("mine"),
  "fails for good": () => {
    throw new NonRetryableError("mine");
  },
  "cancels itself": ({ cancel }) => cancel("mine"),
  "begins a step": async ({ once }) => once("late", () => effects.push("late")),
  "catches the refusal of a step, and completes": async ({ once }) =>
    once("late", () => effects.push("late")).catch((error: { code: string }) => error.code),
  "says how far it is, and completes": async ({ progress }) => progress(0.9, "mine"),
};

describe("a worker that was taken over from", () => {
  it.each(Object.keys(ways))("and %s changes nothing: no outcome, letter, follow-up, acknowledgement", async (way) => {
    const { id, letGo, signal } = await held(ways[way] ?? (() => undefined));
    await takeOver(id);
    const before = await backend.store.read([id.slice(0, 32)]);
    letGo();
    await clock.advance(0);
    expect(names().filter((name) => name !== "attempt.aborted")).toEqual(["attempt.started", "attempt.lost"]);
    expect(signal().reason).toMatchObject({ reason: "lease-lost" });
    expect(await backend.store.read([id.slice(0, 32)])).toEqual(before);
    expect(await backend.deadLetters.get(id)).toBeUndefined();
    expect((await backend.queue.lanes()).map(({ lane }) => lane)).toEqual(["work"]);
    expect(await backend.queue.has("work", id)).toBe(true);
    expect(events.map(({ name }) => name)).not.toContain("result.omitted");
    expect(effects).toEqual([]);
  });

  it("hears of it with its next renewal, and its step is refused with a reason", async () => {
    let refusal: unknown;
    const { id, letGo, signal } = await held(async ({ once }) => {
      refusal = await once("late", () => effects.push("late")).catch((error: unknown) => error);
    });
    await takeOver(id);
    expect(signal().aborted).toBe(false);
    await clock.advance(11_000);
    expect(signal().reason).toMatchObject({ reason: "lease-lost" });
    letGo();
    await clock.advance(0);
    expect(refusal).toMatchObject({ code: "LEASE_LOST", message: expect.stringContaining("was not begun") });
    expect(names()).toEqual(["attempt.started", "attempt.aborted", "attempt.lost"]);
  });

  it("still gets an effect on record that it had before, and its heir does not repeat it", async () => {
    let finish = (_: string): void => {};
    let value: unknown;
    const slow = processor(job, async ({ once }) => {
      value = await once(
        "pay",
        () =>
          new Promise<string>((resolve) => {
            finish = resolve;
          }),
      );
      return value;
    });
    semel.worker({ processors: [slow] });
    const { id } = await semel.enqueue(job, { id: "a" });
    await clock.advance(0);
    const { key, owner } = await takeOver(id);
    finish("receipt");
    await clock.advance(0);
    expect(value).toBe("receipt");
    expect(names()).toEqual(["attempt.started", "attempt.lost"]);
    const [{ fence = 0 } = {}] = await backend.store.read([key]);
    const begin = { op: "step-begin", key, owner, fence, step: "pay", onUncertain: "ask", leaseMs: 30_000 } as const;
    expect(await backend.store.apply([begin])).toEqual([{ is: "memo", value: '"receipt"' }]);
  });

  it("is told that it lost when the heir has begun the step by then: its value is not taken for the job's", async () => {
    let finish = (_: string): void => {};
    const failure = vi.fn();
    const slow = processor(job, async ({ once }) => {
      const paying = once(
        "pay",
        () =>
          new Promise<string>((resolve) => {
            finish = resolve;
          }),
      );
      return paying.catch((error: unknown) => {
        failure(error);
        throw error;
      });
    });
    semel.worker({ processors: [slow] });
    const { id } = await semel.enqueue(job, { id: "a" });
    await clock.advance(0);
    const { key, owner } = await takeOver(id);
    const [{ fence = 0 } = {}] = await backend.store.read([key]);
    const begin = { op: "step-begin", key, owner, fence, step: "pay", onUncertain: "begin", leaseMs: 30_000 } as const;
    expect(await backend.store.apply([begin])).toEqual([{ is: "run", repeated: true }]);
    finish("stale");
    await clock.advance(0);
    expect(failure).toHaveBeenCalledWith(expect.objectContaining({ code: "LEASE_LOST" }));
    expect(names()).toEqual(["attempt.started", "attempt.aborted", "attempt.lost"]);
  });

  it("whose job was erased meanwhile brings nothing back", async () => {
    const { id, letGo } = await held(() => "mine");
    await backend.store.forget({ key: id.slice(0, 32) });
    letGo();
    await clock.advance(0);
    expect(names()).toEqual(["attempt.started", "attempt.lost"]);
    expect(await semel.status(id)).toBeUndefined();
  });
});
