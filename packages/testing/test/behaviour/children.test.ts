import {
  type Around,
  type Child,
  type ChildrenOptions,
  createSemel,
  defineJob,
  type Processor,
  processor,
  request,
  type SemelEvent,
} from "@semel/core";
import { memory } from "@semel/core/memory";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createTestKit, type Failpoint, type TestKit, type TestKitOptions } from "../../src/index.ts";
import { PlainQueue } from "../shared.ts";

const chunk = defineJob({
  type: "chunk",
  payload: z.object({ id: z.string(), text: z.string().default("text") }),
  result: z.object({ n: z.number(), text: z.string().optional() }),
  correlation: ["id"],
  retry: { maxAttempts: 1 },
});
const document = defineJob({
  type: "document",
  payload: z.object({ id: z.string(), chunks: z.array(z.string()) }),
  result: z.array(z.unknown()),
  correlation: ["id"],
});

let kit: TestKit;
afterEach(() => kit?.close());
const named = <N extends SemelEvent["name"]>(name: N) =>
  kit.events.filter((event): event is Extract<SemelEvent, { name: N }> => event.name === name);

/** Runs of each chunk, and those that are to fail. */
let runs: Map<string, number>;
let failing: Set<string>;
let blocked: Set<string>;

const embed = processor(chunk, async ({ payload, defer, deadLetter }) => {
  if (blocked.has(payload.id)) return defer("blocked", "5s");
  runs.set(payload.id, (runs.get(payload.id) ?? 0) + 1);
  if (failing.has(payload.id)) return deadLetter("bad chunk");
  return { n: payload.id.length, text: payload.id === "big" ? "x".repeat(5_000) : undefined };
});

const shown = async (children: readonly Child[]): Promise<unknown[]> =>
  Promise.all(children.map(async (one) => (one.state === "completed" ? await one.result() : one.state)));

const summarize = (options?: ChildrenOptions<typeof chunk>, after: () => Promise<void> = async () => {}) =>
  processor(document, async ({ payload, children }) => {
    const ended = await children(
      "chunks",
      payload.chunks.map((id) => request(chunk, { id })),
      options,
    );
    await after();
    return shown(ended);
  });

function start(parent: Processor<typeof document> = summarize(), options: Partial<TestKitOptions> = {}): TestKit {
  [runs, failing, blocked] = [new Map(), new Set(), new Set()];
  kit = createTestKit({ processors: [embed, parent], ...options });
  return kit;
}
const enqueue = (chunks: readonly string[], id = "d") => kit.semel.enqueue(document, { id, chunks: [...chunks] });
/** Lets the parent look as often as it takes. */
const run = async (): Promise<void> => {
  await kit.drain();
  for (let seconds = 0; seconds < 60; seconds += 5) await kit.advance("5s");
};
const stateOf = async (id: string) => (await kit.semel.status(id))?.state;

describe("a parent", () => {
  it("goes on with the results of its children, in the order of its requests", async () => {
    start();
    const { id } = await enqueue(["c", "a", "bb"]);
    await run();
    expect(await kit.semel.status(id)).toMatchObject({
      state: "completed",
      result: [{ n: 1 }, { n: 1 }, { n: 2 }],
      attempt: 1,
      deferrals: 0,
      crashes: 0,
      children: undefined,
    });
    expect([...runs.values()]).toEqual([1, 1, 1]);
    expect(named("children.enqueued")).toMatchObject([{ group: "chunks", total: 3, created: 3, replayed: 0 }]);
    expect(named("children.ended")).toMatchObject([{ group: "chunks", total: 3, failed: 0 }]);
  });

  it("without children goes on at once", async () => {
    start();
    const { id } = await enqueue([]);
    expect(await kit.drain()).toMatchObject({ completed: 1 });
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [] });
    expect(named("attempt.waiting")).toEqual([]);
  });

  it("holds no slot while it waits, and burns no attempt, deferral or history", async () => {
    start(summarize(), { concurrency: 1 });
    blocked.add("a");
    const parents = [await enqueue(["a"], "one"), await enqueue(["a", "b"], "two")];
    for (let minutes = 0; minutes < 20; minutes++) await kit.advance("1m");
    for (const { id } of parents) expect(await stateOf(id)).toBe("waiting-for-children");
    blocked.clear();
    await kit.advance("1m");
    for (const { id } of parents) {
      expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 1, deferrals: 0, crashes: 0 });
    }
    expect(runs.get("a")).toBe(1);
    // A tenth of the wait between two looks: what was a look a second at first is one in half a minute now.
    expect(named("attempt.waiting").length).toBeLessThan(2 * 85);
  });

  it("says for how many it waits, and why it has not ended", async () => {
    start(summarize({ onFailure: "ignore" }));
    [blocked, failing] = [new Set(["a"]), new Set(["c"])];
    const { id } = await enqueue(["a", "b", "c", "d"]);
    await kit.drain();
    await kit.advance("2s");
    expect(await kit.semel.status(id)).toMatchObject({
      state: "waiting-for-children",
      children: { total: 4, ended: 3, failed: 1 },
    });
    expect(await kit.semel.explain(id)).toMatchObject([
      { code: "waiting-for-children", text: expect.stringContaining("3 of 4 children have ended, 1 of them") },
    ]);
    expect(named("attempt.waiting").at(-1)).toMatchObject({ total: 4, ended: 3, failed: 1 });
  });

  it("is cancelled at once while it waits, and leaves its children alone", async () => {
    start();
    blocked.add("a");
    const { id } = await enqueue(["a", "b"]);
    await kit.drain();
    expect(await kit.semel.cancel(id, "not wanted")).toBe("cancelled");
    expect(await stateOf(id)).toBe("cancelled");
    blocked.clear();
    await run();
    expect(await stateOf(id)).toBe("cancelled");
    expect(await kit.semel.find(chunk, { id: "a" })).toMatchObject({ state: "completed" });
  });

  it("runs out of its deadline, and its letter names for whom it waited", async () => {
    const short = defineJob({
      type: "short",
      payload: z.object({ id: z.string() }),
      correlation: ["id"],
      deadline: "1m",
    });
    const parent = processor(short, async ({ children }) => void (await children("c", [request(chunk, { id: "a" })])));
    [runs, failing, blocked] = [new Map(), new Set(), new Set(["a"])];
    kit = createTestKit({ processors: [embed, parent] });
    const { id } = await kit.semel.enqueue(short, { id: "p" });
    for (let seconds = 0; seconds < 70; seconds += 5) await kit.advance("5s");
    expect(await kit.semel.deadLetters.get(id)).toMatchObject({
      reason: "DEADLINE",
      details: { children: [{ index: 0, type: "chunk", state: "open", id: expect.any(String) }] },
    });
  });
});

describe("a child", () => {
  it("that was done before is replayed, and its parent does not even wait", async () => {
    start();
    await kit.semel.enqueue(chunk, { id: "a" });
    await kit.drain();
    const { id } = await enqueue(["a"]);
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [{ n: 1 }] });
    expect(named("attempt.waiting")).toEqual([]);
    expect(runs.get("a")).toBe(1);
  });

  it("that runs already, for somebody else, is waited for", async () => {
    start();
    blocked.add("a");
    const other = await kit.semel.enqueue(chunk, { id: "a" });
    const { id } = await enqueue(["a"]);
    await kit.drain();
    expect(named("children.enqueued")).toMatchObject([{ created: 0, duplicates: 1 }]);
    expect(await stateOf(id)).toBe("waiting-for-children");
    blocked.clear();
    await run();
    expect(await stateOf(id)).toBe("completed");
    expect((await kit.semel.find(chunk, { id: "a" }))?.id).toBe(other.id);
  });

  it("is shared by two parents, and done once", async () => {
    start();
    blocked.add("a");
    const [one, two] = [await enqueue(["a", "b"], "one"), await enqueue(["a", "c"], "two")];
    await kit.drain();
    blocked.clear();
    await run();
    expect([await stateOf(one.id), await stateOf(two.id)]).toEqual(["completed", "completed"]);
    expect([...runs]).toEqual(expect.arrayContaining([["a", 1]]));
  });

  it("is done once for the same work twice in one list", async () => {
    start();
    const { id } = await enqueue(["a", "b", "a"]);
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [{ n: 1 }, { n: 1 }, { n: 1 }] });
    expect(runs.get("a")).toBe(1);
    expect(named("children.enqueued")).toMatchObject([{ total: 2, created: 2 }]);
  });

  it("that is dead and kept has failed already, and is not done again", async () => {
    const kept = defineJob({
      type: "kept",
      payload: z.object({ id: z.string() }),
      correlation: ["id"],
      onDead: "keep",
    });
    const ran = vi.fn();
    kit = createTestKit({
      processors: [
        processor(kept, async ({ deadLetter }) => {
          ran();
          return deadLetter("no");
        }),
        processor(document, async ({ children }) => {
          const [one] = await children("one", [request(kept, { id: "a" })], { onFailure: "ignore" });
          return [one?.state, one?.reason, one?.id];
        }),
      ],
    });
    const before = await kit.semel.enqueue(kept, { id: "a" });
    await kit.drain();
    const { id } = await enqueue([]);
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: ["dead", "REJECTED", before.id] });
    expect(ran).toHaveBeenCalledOnce();
  });

  it("has a parent of its own waiting, over three generations", async () => {
    const tree = defineJob({
      type: "tree",
      payload: z.object({ path: z.string(), depth: z.number() }),
      result: z.number(),
      correlation: ["path"],
    });
    const grow = processor(tree, async ({ payload: { path, depth }, children }) => {
      if (depth === 0) return 1;
      const below = [0, 1, 2].map((n) => request(tree, { path: `${path}/${n}`, depth: depth - 1 }));
      const ended = await children("below", below);
      const leaves = await Promise.all(ended.map((one) => one.result()));
      return leaves.reduce((sum, one) => sum + one, 0);
    });
    kit = createTestKit({ processors: [grow], concurrency: 1 });
    const { id } = await kit.semel.enqueue(tree, { path: "root", depth: 3 });
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: 27 });
  });

  it("keeps its result for its parent when its own record has gone", async () => {
    const kept = vi.fn();
    let hold = true;
    start(
      processor(document, async ({ payload, children, defer }) => {
        const ended = await children(
          "chunks",
          payload.chunks.map((id) => request(chunk, { id })),
        );
        if (hold) return defer("not yet", "1m");
        kept(await shown(ended));
        return [];
      }),
    );
    await enqueue(["a", "big"]);
    await run();
    await kit.semel.find(chunk, { id: "a" });
    for (const id of ["a", "big"]) await kit.semel.enqueue(chunk, { id, text: "text" }, { rerun: true });
    failing = new Set(["a", "big"]);
    await kit.drain();
    hold = false;
    await kit.advance("2m");
    expect(kept).toHaveBeenCalledExactlyOnceWith([{ n: 1 }, { n: 3, text: "x".repeat(5_000) }]);
  });

  it("has no result where it could not be kept, and says why", async () => {
    const caught = vi.fn();
    const huge = defineJob({ type: "huge", payload: z.object({}), result: z.string(), correlation: "none" });
    kit = createTestKit({
      processors: [
        processor(huge, async () => "x".repeat(300_000)),
        processor(document, async ({ children }) => {
          const [one] = await children("huge", [request(huge, {})]);
          await one?.result().catch(caught);
          return [];
        }),
      ],
    });
    await enqueue([]);
    await run();
    expect(caught).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: "RESULT_UNAVAILABLE" }));
  });
});

describe("the policy", () => {
  const conflicting = async (): Promise<void> => {
    blocked.add("a");
    await kit.semel.enqueue(chunk, { id: "a", text: "other" });
  };
  /** Ways not to complete. */
  const failures: Record<string, { state: string; make(): Promise<void> }> = {
    dead: { state: "dead", make: async () => void failing.add("a") },
    "dead before, and dies again": {
      state: "dead",
      async make() {
        failing.add("a");
        await kit.semel.enqueue(chunk, { id: "a" });
        await kit.drain();
      },
    },
    cancelled: {
      state: "cancelled",
      async make() {
        blocked.add("a");
        const { id } = await kit.semel.enqueue(chunk, { id: "a" });
        await kit.drain();
        void kit.waitForEvent("attempt.waiting").then(() => kit.semel.cancel(id));
      },
    },
    "in conflict": { state: "conflict", make: conflicting },
  };

  describe.each(Object.keys(failures))("for a child that is %s", (how) => {
    const { state, make } = failures[how] as (typeof failures)[string];

    it("fail-parent: the parent is dead at once, and its letter names the child", async () => {
      start(summarize({ onFailure: "fail-parent" }));
      await make();
      blocked.add("slow");
      const { id } = await enqueue(["a", "b", "slow"]);
      await run();
      expect(await stateOf(id)).toBe("dead");
      const letter = await kit.semel.deadLetters.get(id);
      expect(letter).toMatchObject({
        reason: "CHILDREN_FAILED",
        details: { name: "chunks", failed: 1, total: 3, children: [{ index: 0, type: "chunk", state }] },
      });
    });

    it("continue: the parent goes on at once, with what there is", async () => {
      start(summarize({ onFailure: "continue" }));
      await make();
      blocked.add("slow");
      const { id } = await enqueue(["a", "b", "slow"]);
      await run();
      expect(await kit.semel.status(id)).toMatchObject({
        state: "completed",
        result: [state, expect.anything(), "open"],
      });
    });

    it("ignore: the others are waited for", async () => {
      start(
        summarize({ onFailure: (child) => ((child.payload as { id: string }).id === "a" ? "ignore" : "fail-parent") }),
      );
      await make();
      blocked.add("slow");
      const { id } = await enqueue(["a", "b", "slow"]);
      await run();
      expect(await stateOf(id)).toBe("waiting-for-children");
      blocked.delete("slow");
      await run();
      expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [state, { n: 1 }, { n: 4 }] });
    });
  });
});

describe("when the parent is gone", () => {
  const bound = (parent: (context: { waits(): Promise<unknown> }) => Promise<unknown>) =>
    processor(document, async ({ payload, children }) => {
      const requests = payload.chunks.map((id) => request(chunk, { id }));
      await parent({ waits: () => children("chunks", requests, { onParentEnd: "cancel" }) });
      return [];
    });

  it("children that are wanted for it alone are cancelled instead of begun", async () => {
    start(bound(({ waits }) => waits()));
    blocked = new Set(["a", "b"]);
    const { id } = await enqueue(["a", "b", "c"]);
    await kit.advance("20s");
    await kit.semel.cancel(id);
    blocked.clear();
    await run();
    expect(await kit.semel.find(chunk, { id: "a" })).toMatchObject({
      state: "cancelled",
      error: { message: expect.stringMatching(/its parent .* is cancelled/) },
    });
    expect([...runs.keys()]).toEqual(["c"]);
  });

  it("a child that somebody brings back runs all the same, and one that was another's from the start", async () => {
    start(bound(({ waits }) => waits()));
    [blocked, failing] = [new Set(["others"]), new Set(["a"])];
    await kit.semel.enqueue(chunk, { id: "others" });
    const { id } = await enqueue(["others", "a"]);
    await run();
    expect(await stateOf(id)).toBe("dead");
    [blocked, failing] = [new Set(), new Set()];
    await kit.semel.deadLetters.redrive((await kit.semel.find(chunk, { id: "a" }))?.id ?? "");
    await run();
    for (const id of ["a", "others"]) expect(await kit.semel.find(chunk, { id })).toMatchObject({ state: "completed" });
  });

  it("a redriven parent has its cancelled children done after all", async () => {
    start(bound(({ waits }) => waits()));
    [blocked, failing] = [new Set(["slow"]), new Set(["a"])];
    const { id } = await enqueue(["a", "slow"]);
    await run();
    await run();
    expect(await kit.semel.find(chunk, { id: "slow" })).toMatchObject({ state: "cancelled" });
    [blocked, failing] = [new Set(), new Set()];
    const again = await kit.semel.deadLetters.redrive(id);
    await run();
    expect(await stateOf(again)).toBe("completed");
  });
});

describe("a child whose record has gone", () => {
  it("has expired, and that is a failure", async () => {
    start();
    const backend = memory();
    const semel = createSemel({ ...backend, logger: false, runtime: { clock: kit.clock } });
    blocked.add("a");
    semel.worker({ processors: [embed, summarize({ onFailure: "ignore" })] });
    const { id } = await semel.enqueue(document, { id: "d", chunks: ["a", "b"] });
    await kit.clock.advance(1_500);
    expect((await semel.status(id))?.state).toBe("waiting-for-children");
    await backend.store.forget({ key: (await semel.find(chunk, { id: "a" }))?.id.slice(0, 32) ?? "" });
    await kit.clock.advance(3_000);
    expect(await semel.status(id)).toMatchObject({ state: "completed", result: ["expired", { n: 1 }] });
    await semel.close();
  });
});

describe("a crash", () => {
  const points: Failpoint[] = ["claim:after", "children:chunks:after-enqueue", "children:chunks:after-look"];
  points.push("children:chunks:after-record", "settle:before", "settle:after");

  it.each(points)("at %s of a look costs a lease and nothing else", async (point) => {
    start(summarize(), { hooks: [] });
    blocked.add("a");
    const { id } = await enqueue(["a", "b", "big"]);
    // The document is the first to pass any point.
    kit.crashAt(point);
    await kit.drain();
    for (let seconds = 0; seconds < 100; seconds += 5) await kit.advance("5s");
    blocked.clear();
    await run();
    expect(await kit.semel.status(id)).toMatchObject({
      state: "completed",
      result: [{ n: 1 }, { n: 1 }, { n: 3, text: expect.any(String) }],
    });
    expect([...runs.values()]).toEqual([1, 1, 1]);
  });

  it("at random, anywhere, for any seed, ends with every child done once", { timeout: 30_000 }, async () => {
    for (let seed = 1; seed <= 25; seed++) {
      let state = seed * 7919;
      const random = (): number => {
        state = (state * 48_271) % 2_147_483_647;
        return state / 2_147_483_647;
      };
      let left = 8;
      const patient = { maxCrashes: 100, retry: { maxAttempts: 1 } } as const;
      const effects = new Map<string, number>();
      const leaf = defineJob({ type: "leaf", payload: z.object({ id: z.string() }), correlation: ["id"], ...patient });
      const root = defineJob({
        type: "root",
        payload: z.object({ n: z.number() }),
        result: z.number(),
        correlation: "none",
        ...patient,
      });
      const kept = createTestKit({
        seed,
        processors: [
          processor(leaf, async ({ payload, once }) => {
            await once("effect", () => void effects.set(payload.id, (effects.get(payload.id) ?? 0) + 1));
          }),
          processor(root, async ({ payload, children }) => {
            const ids = Array.from({ length: payload.n }, (_, index) => `${index % 5}`);
            const ended = await children(
              "all",
              ids.map((one) => request(leaf, { id: one })),
              { onFailure: "continue" },
            );
            return ended.filter((one) => one.state === "completed").length;
          }),
        ],
        // Not in the one window in which an effect repeats.
        crashIf: (point) => !point.includes("after-effect") && left > 0 && random() < 0.2 && left-- > 0,
      });
      const parents = [await kept.semel.enqueue(root, { n: 6 }), await kept.semel.enqueue(root, { n: 9 })];
      await kept.drain();
      for (let minutes = 0; minutes < 20; minutes += 0.5) await kept.advance("30s");
      const results = await Promise.all(parents.map(async ({ id }) => (await kept.semel.status(id))?.result));
      expect({ seed, results, effects: [...effects.values()] }).toEqual({
        seed,
        results: [6, 9],
        effects: [1, 1, 1, 1, 1],
      });
      await kept.close();
    }
  });
});

describe("a parent that comes back", () => {
  it("retried, finds its children as they ended", async () => {
    let fails = 2;
    start(
      summarize({}, async () => {
        if (fails-- > 0) throw new Error("the summary failed");
      }),
    );
    const { id } = await enqueue(["a", "b"]);
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", attempt: 3, result: [{ n: 1 }, { n: 1 }] });
    expect([...runs.values()]).toEqual([1, 1]);
    expect(named("children.enqueued")).toHaveLength(1);
  });

  it("redriven with its steps, has only what failed done again", async () => {
    start();
    failing.add("a");
    const { id } = await enqueue(["a", "b", "big"]);
    await run();
    expect(await stateOf(id)).toBe("dead");
    failing.clear();
    const again = await kit.semel.deadLetters.redrive(id);
    await run();
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed", result: [{ n: 1 }, { n: 1 }, { n: 3 }] });
    expect(Object.fromEntries(runs)).toEqual({ a: 2, b: 1, big: 1 });
  });

  it("redriven with its steps, keeps a group that was handed over, also what failed in it", async () => {
    let fails = true;
    start(
      summarize({ onFailure: "ignore" }, async () => {
        if (fails) throw Object.assign(new Error("no"), { status: 400 });
      }),
    );
    failing.add("a");
    const { id } = await enqueue(["a", "b"]);
    await run();
    expect(await stateOf(id)).toBe("dead");
    [fails, failing] = [false, new Set()];
    const again = await kit.semel.deadLetters.redrive(id);
    await run();
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed", result: ["dead", { n: 1 }] });
    expect(Object.fromEntries(runs)).toEqual({ a: 1, b: 1 });
  });

  it("run from scratch, asks for all of them again, and those that are done are replayed", async () => {
    start();
    failing.add("a");
    const { id } = await enqueue(["a", "b"]);
    await run();
    failing.clear();
    const again = await kit.semel.deadLetters.redrive(id, { steps: "fresh" });
    await run();
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed", result: [{ n: 1 }, { n: 1 }] });
    expect(Object.fromEntries(runs)).toEqual({ a: 2, b: 1 });
    expect(named("children.enqueued").at(-1)).toMatchObject({ created: 1, replayed: 1 });
  });

  it("waits for a child that was redriven under another id meanwhile", async () => {
    start(summarize({ onFailure: "ignore" }));
    [failing, blocked] = [new Set(["a"]), new Set(["slow"])];
    const { id } = await enqueue(["a", "slow"]);
    await run();
    const child = await kit.semel.find(chunk, { id: "a" });
    failing.clear();
    await kit.semel.deadLetters.redrive(child?.id ?? "");
    await run();
    blocked.clear();
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [{ n: 1 }, { n: 4 }] });
  });

  it("of children that are never the same work, has none done twice that had completed by then", async () => {
    let fails = true;
    const one = defineJob({
      type: "one",
      payload: z.object({ n: z.number() }),
      result: z.number(),
      correlation: "none",
    });
    const ran = vi.fn();
    const parent = defineJob({ type: "parent", payload: z.object({}), result: z.number(), correlation: "none" });
    kit = createTestKit({
      processors: [
        processor(one, async ({ payload, deadLetter }) => {
          ran(payload.n);
          return payload.n === 1 && fails ? deadLetter("no") : payload.n;
        }),
        processor(parent, async ({ children }) => {
          const requests = [0, 1, 2].map((n) => request(one, { n }, n === 1 ? { delay: "1m" } : {}));
          return (await children("ones", requests)).length;
        }),
      ],
    });
    const { id } = await kit.semel.enqueue(parent, {});
    await run();
    await run();
    expect(await stateOf(id)).toBe("dead");
    fails = false;
    const again = await kit.semel.deadLetters.redrive(id);
    await run();
    await run();
    expect(await kit.semel.status(again)).toMatchObject({ state: "completed", result: 3 });
    expect(ran.mock.calls.flat().sort()).toEqual([0, 1, 1, 2]);
  });
});

describe("a processor", () => {
  it("may catch what its children failed of, and do something else", async () => {
    start(
      processor(document, async ({ payload, children }) => {
        try {
          const requests = payload.chunks.map((id) => request(chunk, { id }));
          return await shown(await children("chunks", requests));
        } catch (error) {
          return [(error as { code: string }).code];
        }
      }),
    );
    blocked.add("a");
    const { id } = await enqueue(["a", "b"]);
    await run();
    [blocked, failing] = [new Set(), new Set(["a"])];
    await run();
    // The waiting passed through the very same catch, and was no end.
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: ["CHILDREN_FAILED"] });
    expect(named("attempt.waiting").length).toBeGreaterThan(0);
  });

  it("begins no step behind a group that waits, whoever catches what", async () => {
    const effect = vi.fn(async () => 1);
    start(
      processor(document, async ({ payload, children, once }) => {
        const requests = payload.chunks.map((id) => request(chunk, { id }));
        await children("chunks", requests).catch(() => {});
        await once("after", effect);
        return [];
      }),
    );
    blocked.add("a");
    await enqueue(["a"]);
    await run();
    expect(effect).not.toHaveBeenCalled();
    blocked.clear();
    await run();
    expect(effect).toHaveBeenCalledOnce();
  });

  it("may wait for several groups side by side", async () => {
    start(
      processor(document, async ({ children }) => {
        const [some, others] = await Promise.all([
          children("some", [request(chunk, { id: "a" })]),
          children("others", [request(chunk, { id: "b" }), request(chunk, { id: "c" })], { onFailure: "ignore" }),
        ]);
        return shown([...some, ...others]);
      }),
    );
    [blocked, failing] = [new Set(["a"]), new Set(["c"])];
    const { id } = await enqueue([]);
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ children: { total: 1, ended: 0, failed: 0 } });
    expect(
      named("children.enqueued")
        .map(({ group }) => group)
        .sort(),
    ).toEqual(["others", "some"]);
    blocked.clear();
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [{ n: 1 }, { n: 1 }, "dead"] });
  });

  it("that does not await its children is told so", async () => {
    start(
      processor(document, async ({ children }) => {
        void children("chunks", [request(chunk, { id: "a" })]);
        return [];
      }),
      {},
    );
    const { id } = await enqueue([]);
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", error: { code: "STEP_NOT_AWAITED" } });
  });

  it.each([
    [
      "too many",
      "CHILDREN_TOO_MANY",
      { list: Array.from({ length: 10_001 }, (_, n) => request(chunk, { id: `${n}` })) },
    ],
    ["no list", "OPTION_INVALID", { list: "chunks" as never }],
    ["something else than a request", "OPTION_INVALID", { list: [{ id: "a" }] as never }],
    [
      "a payload that does not fit",
      "PAYLOAD_INVALID",
      { list: [request(chunk, { id: "a" }), request(chunk, { id: 1 as never })] },
    ],
    ["a policy there is not", "OPTION_INVALID", { list: [request(chunk, { id: "a" })], onFailure: "explode" as never }],
    ["an option there is not", "OPTION_INVALID", { list: [], onfailure: "ignore" as never }],
    ["no name", "OPTION_INVALID", { name: "", list: [] }],
    ["itself as a child", "OPTION_INVALID", { list: [request(document, { id: "d", chunks: [] })] as never }],
  ] as const)("is refused %s, and nothing is enqueued", async (_, code, { list, ...rest }) => {
    const { name = "chunks", ...options } = rest as { name?: string; onFailure?: "ignore" };
    start(processor(document, async ({ children }) => shown(await children(name, list, options))));
    const { id } = await enqueue([]);
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", error: { code } });
    expect(named("job.enqueued")).toHaveLength(1);
  });

  it("is told when its list has changed between two attempts", async () => {
    let chunks = ["a", "b"];
    start(
      processor(document, async ({ children }) =>
        shown(
          await children(
            "chunks",
            chunks.map((id) => request(chunk, { id })),
          ),
        ),
      ),
    );
    blocked.add("a");
    const { id } = await enqueue([]);
    await kit.drain();
    chunks = ["a", "b", "c"];
    await run();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", error: { code: "STEP_CONFLICT" } });
  });

  it("keeps to the children it enqueued, should their payloads come out differently at the next look", async () => {
    let time = 0;
    start(
      processor(document, async ({ children }) => {
        time++;
        return shown(await children("chunks", [request(chunk, { id: "a", text: `made at ${time}` })]));
      }),
    );
    blocked.add("a");
    const { id } = await enqueue([]);
    await run();
    blocked.clear();
    await run();
    expect(time).toBeGreaterThan(2);
    expect(await kit.semel.status(id)).toMatchObject({ state: "completed", result: [{ n: 1 }] });
  });

  it("cannot use a name twice", async () => {
    start(
      processor(document, async ({ children }) => {
        await children("chunks", []);
        return shown(await children("chunks", []));
      }),
    );
    const { id } = await enqueue([]);
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ state: "dead", error: { code: "STEP_NAME_REPEATED" } });
  });
});

describe("the end of the last child", () => {
  const gate = () => {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open, opened };
  };

  it("brings its parent forward, however long that would have slept, and leaves no delivery behind", async () => {
    const { open, opened } = gate();
    const slow = processor(chunk, async () => {
      await opened;
      return { n: 7 };
    });
    kit = createTestKit({ processors: [slow, summarize()] });
    const { id } = await enqueue(["a", "b"]);
    for (let minutes = 0; minutes < 10; minutes++) await kit.advance("1m");
    const looks = named("attempt.waiting").length;
    open();
    await kit.drain();
    expect(await kit.semel.status(id)).toMatchObject({ id, state: "completed", result: [{ n: 7 }, { n: 7 }] });
    expect(named("attempt.waiting")).toHaveLength(looks);
    for (const { pending, delayed, running } of await kit.semel.counts()) expect(pending + delayed + running).toBe(0);
  });

  it("is heard also where it comes between the parent's look and its settlement", async () => {
    const { open, opened } = gate();
    const slow = processor(chunk, async () => {
      await opened;
      return { n: 7 };
    });
    const parent = summarize();
    // What runs around an attempt may still be busy when its look is over.
    const around: Around = async (_context, next) => {
      try {
        return await next();
      } catch (error) {
        open();
        await kit.waitForEvent("attempt.completed");
        throw error;
      }
    };
    kit = createTestKit({ processors: [slow, parent], around });
    const { id } = await enqueue(["a"]);
    await kit.drain();
    expect(await stateOf(id)).toBe("completed");
  });

  it("is heard of a child that is cancelled while it waits", async () => {
    start();
    blocked.add("a");
    const child = await kit.semel.enqueue(chunk, { id: "a" }, { delay: "1h" });
    const { id } = await enqueue(["a"]);
    for (let minutes = 0; minutes < 10; minutes++) await kit.advance("1m");
    await kit.semel.cancel(child.id);
    await kit.drain();
    expect(await stateOf(id)).toBe("dead");
  });

  it("does no harm on a queue that can remove nothing", async () => {
    const [broker, backend] = [new PlainQueue(), memory()];
    kit = createTestKit({ processors: [embed] });
    [runs, failing, blocked] = [new Map(), new Set(), new Set(["a"])];
    const semel = createSemel({ ...backend, queue: broker, logger: false, runtime: { clock: kit.clock } });
    semel.worker({ processors: [embed, summarize()] });
    const { id } = await semel.enqueue(document, { id: "d", chunks: ["a", "b"] });
    await kit.clock.advance(120_000);
    expect((await semel.status(id))?.state).toBe("waiting-for-children");
    blocked.clear();
    await kit.clock.advance(60_000);
    expect(await semel.status(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
    expect(await broker.counts("document")).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
    await semel.close();
  });

  it("is not needed: without signals the parent looks by itself, late by a tenth at most", async () => {
    const { open, opened } = gate();
    kit = createTestKit({ processors: [embed] });
    const deaf = {
      publish() {},
      subscribe: () => Promise.reject(new Error("no signals")),
      async [Symbol.asyncDispose]() {},
    };
    const semel = createSemel({ ...memory(), signals: deaf, logger: false, runtime: { clock: kit.clock } });
    const slow = processor(chunk, async () => {
      await opened;
      return { n: 7 };
    });
    semel.worker({ processors: [slow, summarize()] });
    const { id } = await semel.enqueue(document, { id: "d", chunks: ["a"] });
    await kit.clock.advance(100_000);
    open();
    await kit.clock.advance(10_100);
    expect(await semel.status(id)).toMatchObject({ state: "completed" });
    await semel.close();
  });
});
