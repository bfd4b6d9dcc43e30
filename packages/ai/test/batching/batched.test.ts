import { type EmbeddingModel, ModelError, type Usage } from "@semel/core";
import { seededRandom, VirtualClock } from "@semel/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchOptions, batched } from "../../src/batching/batched.ts";
import { failure, ScriptedEmbedding, vectorOf } from "../scripted-embedding.ts";

function setUp(options: BatchOptions = {}) {
  const clock = new VirtualClock();
  const inner = new ScriptedEmbedding();
  return { clock, inner, model: batched(inner, { clock, ...options }) };
}

const texts = (count: number, prefix = "text"): string[] => Array.from({ length: count }, (_, at) => `${prefix} ${at}`);

/** How each of several calls ended: its first vector, or its code. */
async function ends(calls: readonly Promise<{ vectors: readonly Float32Array[] }>[]): Promise<unknown[]> {
  const all = await Promise.allSettled(calls);
  return all.map((end) =>
    end.status === "fulfilled"
      ? end.value.vectors[0]
      : ModelError.isInstance(end.reason)
        ? end.reason.code
        : end.reason,
  );
}

const each = (model: EmbeddingModel, all: readonly string[]) =>
  all.map((text) => {
    const call = model.embed({ texts: [text] });
    // It is looked at when the clock has been turned.
    call.catch(() => {});
    return call;
  });

describe("batched", () => {
  it("makes one request of what is asked within the window, and gives each its own vector", async () => {
    const { clock, inner, model } = setUp();
    const all = texts(20);
    const calls = each(model, all);
    await clock.advance(3);
    expect(await ends(calls)).toEqual(all.map(vectorOf));
    expect(inner.asked.map((one) => one.texts.length)).toEqual([20]);
  });

  it("keeps to items and to tokens, and splits a call that is larger than a request", async () => {
    const { clock, inner, model } = setUp();
    inner.limits = { maxItems: 10, maxTokens: 50, maxItemTokens: 50 };
    const small = batched(inner, { clock });
    const all = texts(30);
    const call = small.embed({ texts: all });
    await clock.advance(3);
    expect((await call).vectors).toEqual(all.map(vectorOf));
    for (const { texts: sent } of inner.asked) {
      expect(sent.length).toBeLessThanOrEqual(10);
      expect(sent.join("").length).toBeLessThanOrEqual(50);
    }
    expect(model.limits.maxItems).toBe(100);
  });

  it.each(["MODEL_REQUEST_REFUSED", "MODEL_INPUT_TOO_LONG", "MODEL_CONTENT_BLOCKED"] as const)(
    "halves a batch refused with %s until the bad text is alone",
    async (code) => {
      const { clock, inner, model } = setUp();
      inner.before = (sent) => sent.includes("text 5") && inner.fail(code, { status: 400 });
      const all = texts(16);
      const calls = each(model, all);
      await clock.advance(3);
      expect(await ends(calls)).toEqual(all.map((text, at) => (at === 5 ? code : vectorOf(text))));
      expect(inner.asked.length).toBe(9);
    },
  );

  it("does not halve what is refused for other reasons, nor for ever where everything is refused", async () => {
    const { clock, inner, model } = setUp();
    inner.before = () => inner.fail("MODEL_REQUEST_REFUSED", { status: 403 });
    const forbidden = each(model, texts(64));
    await clock.advance(3);
    expect(new Set(await ends(forbidden))).toEqual(new Set(["MODEL_REQUEST_REFUSED"]));
    expect(inner.asked.length).toBe(1);
    inner.before = () => inner.fail("MODEL_REQUEST_REFUSED", { status: 400 });
    const refused = each(model, texts(64));
    await clock.advance(3);
    expect(new Set(await ends(refused))).toEqual(new Set(["MODEL_REQUEST_REFUSED"]));
    expect(inner.asked.length).toBeLessThan(32);
  });

  it.each([
    ["one vector short", (vectors: readonly Float32Array[]) => vectors.slice(1)],
    [
      "an empty one",
      (vectors: readonly Float32Array[]) => vectors.map((one, at) => (at === 1 ? new Float32Array() : one)),
    ],
    [
      "one too long",
      (vectors: readonly Float32Array[]) => vectors.map((one, at) => (at === 1 ? new Float32Array(3).fill(1) : one)),
    ],
    [
      "NaN",
      (vectors: readonly Float32Array[]) => vectors.map((one, at) => (at === 1 ? Float32Array.of(Number.NaN, 1) : one)),
    ],
    ["zeros", (vectors: readonly Float32Array[]) => vectors.map((one, at) => (at === 1 ? new Float32Array(2) : one))],
  ])("never hands on an answer with %s", async (_, change) => {
    const { clock, inner, model } = setUp();
    inner.after = (answer) => ({ ...answer, vectors: change(answer.vectors) });
    const calls = each(model, texts(3));
    await clock.advance(3);
    expect(await ends(calls)).toEqual(Array(3).fill("MODEL_ANSWER_INVALID"));
  });

  it("ends a request only when all its callers are gone, and charges them an estimate", async () => {
    const { clock, inner, model } = setUp();
    let requestSignal: AbortSignal | undefined;
    inner.before = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        requestSignal = signal;
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    const [one, two] = [new AbortController(), new AbortController()];
    const usages: Usage[] = [];
    const calls = [one, two].map(({ signal }, at) =>
      model.embed({ texts: [`text ${at}`] }, { signal, onUsage: (usage) => usages.push(usage) }),
    );
    const ended = ends(calls);
    await clock.advance(3);
    one.abort("gone 1");
    expect(requestSignal?.aborted).toBe(false);
    two.abort("gone 2");
    expect(requestSignal?.aborted).toBe(true);
    expect(await ended).toEqual(["gone 1", "gone 2"]);
    expect(usages).toEqual(Array(2).fill({ certainty: "estimated", inputTokens: 6, outputTokens: 0 }));
  });

  it("does not send for whom nobody waits, and what was not sent costs nothing", async () => {
    const { clock, inner, model } = setUp();
    const controller = new AbortController();
    const usages: Usage[] = [];
    const ended = ends([
      model.embed({ texts: ["never"] }, { signal: controller.signal, onUsage: (usage) => usages.push(usage) }),
    ]);
    controller.abort("gone");
    await clock.advance(3);
    expect(await ended).toEqual(["gone"]);
    expect(inner.asked).toEqual([]);
    expect(usages).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
  });

  it("lets each call run out of its own time", async () => {
    const { clock, inner, model } = setUp();
    let answer = (): void => {};
    inner.before = () => new Promise<void>((resolve) => (answer = resolve));
    const short = model.embed({ texts: ["short"] }, { timeout: "10ms" });
    const long = model.embed({ texts: ["long"] }, { timeout: "1s" });
    const ended = ends([short, long]);
    await clock.advance(10);
    answer();
    expect(await ended).toEqual(["MODEL_TIMEOUT", vectorOf("long")]);
    expect(inner.asked[0]?.call.timeout).toBe("1000ms");
  });

  it("keeps the key of a call that goes alone, and makes one of all keys for a batch", async () => {
    const { clock, inner, model } = setUp();
    const round = async (keys: readonly (string | undefined)[]): Promise<string | undefined> => {
      const calls = keys.map((key, at) => model.embed({ texts: [`text ${at}`] }, { key }));
      await clock.advance(3);
      await Promise.all(calls);
      return inner.asked.at(-1)?.call.key;
    };
    expect(await round(["one"])).toBe("one");
    const both = await round(["one", "two"]);
    expect(both).toMatch(/^[\w-]{32}$/);
    expect(await round(["one", "two"])).toBe(both);
    expect(await round(["two", "one"])).not.toBe(both);
    expect(await round(["one", undefined])).toBeUndefined();
  });

  it("keeps tenants apart where it is told to", async () => {
    const { clock, inner } = setUp();
    const model = batched(inner, { clock, perTenant: true });
    const calls = ["a", "b", "a"].map((tenant, at) => model.embed({ texts: [`text ${at}`] }, { tenant }));
    await clock.advance(3);
    await Promise.all(calls);
    expect(inner.asked.map(({ texts: sent, call }) => [call.tenant, sent.length])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  it("waits for nobody where all who were answered have come back", async () => {
    const { clock, inner, model } = setUp();
    const first = each(model, texts(5));
    await clock.advance(3);
    await ends(first);
    // The clock stands still from here on.
    expect(await ends(each(model, texts(5)))).toEqual(texts(5).map(vectorOf));
    expect(await ends(each(model, texts(8)))).toEqual(texts(8).map(vectorOf));
    expect(inner.asked.map((one) => one.texts.length)).toEqual([5, 5, 8]);
  });

  it("waits for the others where some are missing, or where a request is under way that may bring them back", async () => {
    const { clock, inner, model } = setUp();
    const first = each(model, texts(5));
    await clock.advance(3);
    await ends(first);
    const some = each(model, texts(4));
    await clock.advance(2);
    expect(inner.asked).toHaveLength(1);
    await clock.advance(1);
    await ends(some);
    const { promise: answer, resolve } = Promise.withResolvers<void>();
    inner.before = () => answer;
    const held = each(model, texts(4, "held"));
    await clock.advance(0);
    expect(inner.asked).toHaveLength(3);
    const meanwhile = each(model, texts(4, "meanwhile"));
    await clock.advance(2);
    expect(inner.asked).toHaveLength(3);
    resolve();
    await clock.advance(1);
    await ends([...held, ...meanwhile]);
    expect(inner.asked.map((one) => one.texts.length)).toEqual([5, 4, 4, 4]);
  });

  it("makes no more requests of what trickles in than if it waited out every window", async () => {
    const requests = async (options: BatchOptions, everyMs: number): Promise<number> => {
      const { clock, inner, model } = setUp(options);
      inner.before = () => new Promise<void>((resolve) => clock.timer(5, resolve));
      const calls: Promise<unknown>[] = [];
      for (const [at, text] of texts(300).entries())
        clock.timer(at * everyMs, () => void calls.push(model.embed({ texts: [text] })));
      await clock.advance(300 * everyMs + 100);
      await Promise.all(calls);
      return inner.asked.length;
    };
    for (const everyMs of [0.3, 1, 2, 4, 10])
      expect(await requests({}, everyMs)).toBeLessThanOrEqual((await requests({ window: "3ms" }, everyMs)) * 1.1);
  });

  it("waits out a window that was said, and those of tenants", async () => {
    for (const options of [{ window: "50ms" }, { perTenant: true }] as const) {
      const { clock, inner, model } = setUp(options);
      const first = each(model, texts(5));
      await clock.advance(50);
      await ends(first);
      const again = each(model, texts(5));
      await clock.advance(2);
      expect(inner.asked).toHaveLength(1);
      await clock.advance(50);
      await ends(again);
      expect(inner.asked).toHaveLength(2);
    }
  });

  it("collects while a provider that answers one by one is busy", async () => {
    const { clock, inner } = setUp();
    let freeAtMs = 0;
    inner.before = () => {
      freeAtMs = Math.max(freeAtMs, clock.monotonic()) + 50;
      return new Promise<void>((resolve) => clock.timer(freeAtMs - clock.monotonic(), resolve));
    };
    const model = batched(inner, { clock });
    let done = 0;
    const job = async (): Promise<void> => {
      for (let round = 0; round < 8; round++) {
        await model.embed({ texts: [`text ${round}`] });
        done++;
      }
    };
    // Sixty-four jobs that do not begin together.
    for (let at = 0; at < 64; at++) clock.timer(at * 2, () => void job());
    await clock.advance(60_000);
    expect(done).toBe(512);
    const seconds = freeAtMs / 1_000;
    expect(done / seconds).toBeGreaterThan(20 * 20);
  });

  it("whatever is asked, ended and refused: everybody gets the own vectors or the own error, and usage adds up", async () => {
    const call = fc.record({
      texts: fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 30 }), fc.constant("bad"), fc.constant(" ")), {
        maxLength: 12,
      }),
      atMs: fc.nat(20),
      abortAfterMs: fc.option(fc.nat(60), { nil: undefined }),
      tenant: fc.constantFrom(undefined, "a", "b"),
    });
    const property = fc.asyncProperty(
      fc.array(call, { maxLength: 30 }),
      fc.integer(),
      fc.boolean(),
      async (calls, seed, perTenant) => {
        const { clock, inner } = setUp();
        const random = seededRandom(seed);
        inner.limits = { maxItems: 7, maxTokens: 60, maxItemTokens: 40 };
        let paid = 0;
        inner.before = async (sent) => {
          await new Promise<void>((resolve) => clock.timer(random() * 40, resolve));
          if (sent.includes("bad")) throw failure("MODEL_REQUEST_REFUSED", { status: 400 });
          paid += sent.join("").length;
        };
        const model = batched(inner, { clock, perTenant, maxInFlight: 3 });
        let charged = 0;
        const told: number[] = calls.map(() => 0);
        const all = calls.map(async ({ texts: asked, atMs, abortAfterMs, tenant }, at) => {
          await new Promise<void>((resolve) => clock.timer(atMs, resolve));
          const controller = new AbortController();
          if (abortAfterMs !== undefined) clock.timer(abortAfterMs, () => controller.abort("ended"));
          const onUsage = (usage: Usage): void => {
            told[at] = (told[at] ?? 0) + 1;
            charged += usage.certainty === "unknown" ? 0 : usage.inputTokens;
          };
          return model.embed({ texts: asked }, { signal: controller.signal, tenant, onUsage });
        });
        const settled = Promise.allSettled(all);
        await clock.advance(100_000);
        const isEnded = calls.some(({ abortAfterMs }) => abortAfterMs !== undefined);
        for (const [at, end] of (await settled).entries()) {
          const { texts: asked, abortAfterMs } = calls[at] as (typeof calls)[number];
          const isInvalid = asked.length === 0 || asked.some((text) => text.trim() === "");
          if (end.status === "fulfilled") {
            expect(isInvalid || asked.includes("bad")).toBe(false);
            expect(end.value.vectors).toEqual(asked.map(vectorOf));
          } else if (ModelError.isInstance(end.reason)) {
            expect(end.reason.code).toBe(isInvalid ? "MODEL_INPUT_INVALID" : "MODEL_REQUEST_REFUSED");
            if (!isInvalid) expect(asked).toContain("bad");
          } else expect([end.reason, abortAfterMs === undefined]).toEqual(["ended", false]);
          expect(told[at]).toBe(1);
        }
        for (const { texts: sent } of inner.asked) {
          expect(sent.length).toBeLessThanOrEqual(7);
          if (sent.length > 1) expect(sent.join("").length).toBeLessThanOrEqual(60);
        }
        if (!isEnded && !calls.some(({ texts: asked }) => asked.includes("bad"))) expect(charged).toBe(paid);
        expect(clock.pending).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
