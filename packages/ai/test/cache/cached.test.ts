import type { Usage } from "@semel/core";
import { describe, expect, it } from "vitest";
import { cached } from "../../src/cache/cached.ts";
import { memoryCache } from "../../src/cache/memory-cache.ts";
import { ScriptedEmbedding, vectorOf } from "../scripted-embedding.ts";

describe("cached", () => {
  it("sends a text once for a tenant, and what it has costs nothing", async () => {
    const inner = new ScriptedEmbedding();
    const model = cached(inner);
    const usages: Usage[] = [];
    const onUsage = (usage: Usage): void => void usages.push(usage);
    await model.embed({ texts: ["a", "b", "a"] }, { tenant: "one", onUsage });
    const again = await model.embed({ texts: ["c", "a"] }, { tenant: "one", onUsage });
    await model.embed({ texts: ["a", "b"] }, { tenant: "one", onUsage });
    await model.embed({ texts: ["a"] }, { tenant: "two" });
    expect(again.vectors).toEqual(["c", "a"].map(vectorOf));
    expect(inner.asked.map(({ texts }) => texts)).toEqual([["a", "b"], ["c"], ["a"]]);
    expect(usages.map((usage) => usage.certainty === "actual" && usage.inputTokens)).toEqual([2, 1, 0]);
  });

  it("keeps spaces apart, and is not changed by who changes an answer", async () => {
    const cache = memoryCache();
    const [one, two] = [new ScriptedEmbedding(), new ScriptedEmbedding({ space: "other/2" })];
    (await cached(one, { cache }).embed({ texts: ["a"] })).vectors[0]?.fill(9);
    expect((await cached(one, { cache }).embed({ texts: ["a"] })).vectors).toEqual([vectorOf("a")]);
    await cached(two, { cache }).embed({ texts: ["a"] });
    expect([one.asked.length, two.asked.length]).toEqual([1, 1]);
  });

  it("sends once what several ask for at once; if that fails, the next one sends it", async () => {
    const inner = new ScriptedEmbedding();
    const model = cached(inner);
    let goOn = (): void => {};
    inner.before = async () => {
      const isFirst = inner.asked.length === 1;
      await new Promise<void>((resolve) => (goOn = resolve));
      if (isFirst) inner.fail("MODEL_FAILED");
    };
    const calls = Array.from({ length: 5 }, () =>
      model.embed({ texts: ["a"] }).then(
        ({ vectors }) => vectors[0],
        (error) => error.code,
      ),
    );
    const turn = async (): Promise<void> => {
      for (let at = 0; at < 3; at++) await new Promise((resolve) => setImmediate(resolve));
    };
    await turn();
    expect(inner.asked.length).toBe(1);
    goOn();
    await turn();
    expect(inner.asked.length).toBe(2);
    goOn();
    expect(await Promise.all(calls)).toEqual(["MODEL_FAILED", ...Array(4).fill(vectorOf("a"))]);
    expect(inner.asked.length).toBe(2);
  });

  it("goes on without a cache that fails", async () => {
    const inner = new ScriptedEmbedding();
    const problems: unknown[] = [];
    const fail = (): never => {
      throw new Error("cache is down");
    };
    const model = cached(inner, { cache: { get: fail, set: fail }, onProblem: (error) => problems.push(error) });
    expect((await model.embed({ texts: ["a"] })).vectors).toEqual([vectorOf("a")]);
    expect(problems.length).toBe(2);
  });

  it("holds no more than its bytes, and drops the longest unused", () => {
    const cache = memoryCache({ maxBytes: 2 * 208 });
    const set = (key: string): unknown => cache.set([{ key, vector: vectorOf(key) }]);
    set("a");
    set("b");
    expect(cache.get(["a"])).toEqual([vectorOf("a")]);
    set("c");
    expect(cache.get(["a", "b", "c"])).toEqual([vectorOf("a"), undefined, vectorOf("c")]);
  });
});
