import {
  type EmbeddingModel,
  type Embeddings,
  type EmbedRequest,
  type ModelCall,
  ModelError,
  type Usage,
} from "@semel/core";
import { VirtualClock } from "@semel/testing";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { batched } from "../../src/index.ts";

const refusal = (code: "MODEL_REQUEST_REFUSED" | "MODEL_FAILED") =>
  new ModelError(code, "no", {
    provider: "p",
    model: "m",
    usage: { certainty: "actual", inputTokens: 0, outputTokens: 0 },
  });

/** A model that remembers its requests. A text with "bad" in it spoils its request. */
class Scripted implements EmbeddingModel {
  readonly "~semel" = "embedding-model/1" as const;
  readonly provider = "p";
  readonly model = "m";
  readonly host = "h";
  readonly isMock = false;
  readonly space = "p/m";
  readonly dimensions = 2;
  limits = { maxItems: 8, maxTokens: 100, maxItemTokens: 50 };
  readonly requests: { readonly texts: readonly string[]; readonly call: ModelCall }[] = [];
  answer: () => Promise<void> = async () => {};
  countTokens = (text: string): number => text.length;

  async embed({ texts }: EmbedRequest, call: ModelCall = {}): Promise<Embeddings> {
    this.requests.push({ texts, call });
    const ended = new Promise<never>((_, reject) =>
      call.signal?.addEventListener("abort", () => reject(call.signal?.reason)),
    );
    ended.catch(() => {});
    await Promise.race([this.answer(), ended]);
    if (texts.some((text) => text.includes("bad"))) {
      call.onUsage?.({ certainty: "actual", inputTokens: 0, outputTokens: 0 });
      throw refusal("MODEL_REQUEST_REFUSED");
    }
    const usage: Usage = {
      certainty: "actual",
      inputTokens: texts.reduce((sum, text) => sum + text.length, 0) + 1,
      outputTokens: 0,
    };
    call.onUsage?.(usage);
    const vectors = texts.map((text) => Float32Array.from([text.length, text.charCodeAt(0)]));
    return { vectors, space: this.space, provider: "p", model: "m", isMock: false, usage };
  }
}
const vectorOf = (text: string): Float32Array => Float32Array.from([text.length, text.charCodeAt(0)]);

describe("calls that come together", () => {
  it("share a request, and each gets its own", async () => {
    const inner = new Scripted();
    const model = batched(inner);
    const answers = await Promise.all([["a", "bb"], ["ccc"], ["dddd"]].map((texts) => model.embed({ texts })));
    expect(inner.requests.map(({ texts }) => texts)).toEqual([["a", "bb", "ccc", "dddd"]]);
    expect(answers.map(({ vectors }) => vectors)).toEqual([
      [vectorOf("a"), vectorOf("bb")],
      [vectorOf("ccc")],
      [vectorOf("dddd")],
    ]);
    const tokens = answers.map(({ usage }) => (usage.certainty === "unknown" ? Number.NaN : usage.inputTokens));
    expect(tokens.reduce((sum, one) => sum + one, 0)).toBe(11);
  });

  it("never exceed what the model takes, in texts or in tokens", async () => {
    const inner = new Scripted();
    const model = batched(inner);
    await Promise.all(Array.from({ length: 40 }, (_, n) => model.embed({ texts: ["x".repeat(1 + (n % 40))] })));
    for (const { texts } of inner.requests) {
      expect(texts.length).toBeLessThanOrEqual(8);
      expect(texts.join("").length).toBeLessThanOrEqual(100);
    }
  });

  it("a call with more than a request holds is spread, and comes back in order", async () => {
    const inner = new Scripted();
    const texts = Array.from({ length: 20 }, (_, n) => String.fromCharCode(97 + n));
    const { vectors, usage } = await batched(inner).embed({ texts });
    expect(vectors).toEqual(texts.map(vectorOf));
    expect(inner.requests).toHaveLength(3);
    expect(usage).toEqual({ certainty: "actual", inputTokens: 23, outputTokens: 0 });
  });

  it("wait for each other while requests are under way, for the window at most; a lone one goes at once", async () => {
    const clock = new VirtualClock();
    const inner = new Scripted();
    inner.answer = () => new Promise((resolve) => clock.timer(50, resolve));
    const model = batched(inner, { clock, window: "5ms" });
    const all = [model.embed({ texts: ["a"] })];
    await clock.advance(0);
    expect(inner.requests).toHaveLength(1);
    all.push(model.embed({ texts: ["b"] }));
    await clock.advance(4);
    all.push(model.embed({ texts: ["c"] }));
    expect(inner.requests).toHaveLength(1);
    await clock.advance(1);
    expect(inner.requests.map(({ texts }) => texts)).toEqual([["a"], ["b", "c"]]);
    await clock.advance(100);
    await Promise.all(all);
  });

  it("reach many times the jobs a second of one request a job, where the provider serves one at a time", async () => {
    const clock = new VirtualClock();
    const inner = new Scripted();
    inner.limits = { maxItems: 2_048, maxTokens: 300_000, maxItemTokens: 8_000 };
    let busyUntil = 0;
    inner.answer = () => {
      busyUntil = Math.max(busyUntil, clock.now()) + 50;
      return new Promise((resolve) => clock.timer(busyUntil - clock.now(), resolve));
    };
    const model = batched(inner, { clock, maxInFlight: 1 });
    const from = clock.now();
    let done = 0;
    const jobs = Array.from({ length: 64 }, async (_, n) => {
      for (let round = 0; round < 10; round++) {
        await model.embed({ texts: [`${n}.${round}`] });
        done += 1;
      }
    });
    while (done < 640) await clock.advance(10);
    await Promise.all(jobs);
    expect((640 * 50) / (clock.now() - from)).toBeGreaterThan(20);
  });

  it("of two tenants share a request only where they may", async () => {
    for (const perTenant of [false, true]) {
      const inner = new Scripted();
      const model = batched(inner, { perTenant });
      await Promise.all(["x", "y", "x"].map((tenant) => model.embed({ texts: [tenant] }, { tenant })));
      expect(inner.requests.map(({ texts }) => texts.join("")).sort()).toEqual(perTenant ? ["xx", "y"] : ["xyx"]);
    }
  });

  it("have no key together; one alone keeps its own", async () => {
    const inner = new Scripted();
    const model = batched(inner);
    await model.embed({ texts: ["a"] }, { key: "k1" });
    await Promise.all(["k2", "k3"].map((key) => model.embed({ texts: ["b"] }, { key })));
    expect(inner.requests.map(({ call }) => call.key)).toEqual(["k1", undefined]);
  });
});

describe("failures", () => {
  it("of one text are its caller's alone: the others are embedded", async () => {
    const inner = new Scripted();
    const model = batched(inner);
    const texts = ["a", "b", "bad", "c", "d", "e"];
    const settled = await Promise.allSettled(texts.map((text) => model.embed({ texts: [text] })));
    expect(settled.map(({ status }) => status)).toEqual(
      texts.map((text) => (text === "bad" ? "rejected" : "fulfilled")),
    );
    expect(settled[2]).toMatchObject({ reason: { code: "MODEL_REQUEST_REFUSED" } });
  });

  it("of the whole request are everybody's, and it is not halved", async () => {
    const inner = new Scripted();
    inner.answer = () => Promise.reject(refusal("MODEL_FAILED"));
    const model = batched(inner);
    const settled = await Promise.allSettled(["a", "b"].map((text) => model.embed({ texts: [text] })));
    expect(settled).toMatchObject([{ reason: { code: "MODEL_FAILED" } }, { reason: { code: "MODEL_FAILED" } }]);
    expect(inner.requests).toHaveLength(1);
  });

  it("a wrong number of vectors is nobody's answer", async () => {
    const inner = new Scripted();
    const { embed } = inner;
    inner.embed = async function (request, call) {
      const answer = await embed.call(this, request, call);
      return { ...answer, vectors: answer.vectors.slice(1) };
    };
    const settled = await Promise.allSettled(["a", "b"].map((text) => batched(inner).embed({ texts: [text] })));
    for (const one of settled) expect(one).toMatchObject({ reason: { code: "MODEL_ANSWER_INVALID" } });
  });

  it.each([
    ["nothing", [], "MODEL_INPUT_INVALID"],
    ["white space", ["a", " "], "MODEL_INPUT_INVALID"],
    ["too much", ["x".repeat(51)], "MODEL_INPUT_TOO_LONG"],
  ])("what no request could hold spoils none: %s", async (_, texts, code) => {
    const inner = new Scripted();
    const model = batched(inner);
    const told = vi.fn();
    const other = model.embed({ texts: ["fine"] });
    await expect(model.embed({ texts }, { onUsage: told })).rejects.toMatchObject({ code });
    expect((await other).vectors).toEqual([vectorOf("fine")]);
    expect(told).toHaveBeenCalledTimes(1);
    expect(inner.requests).toHaveLength(1);
  });
});

describe("a caller that goes", () => {
  it("takes its texts along, and leaves the others alone", async () => {
    const clock = new VirtualClock();
    const inner = new Scripted();
    inner.answer = () => new Promise((resolve) => clock.timer(50, resolve));
    const model = batched(inner, { clock });
    const over = new AbortController();
    const gone = model.embed({ texts: ["a"] }, { signal: over.signal });
    gone.catch(() => {});
    const stays = model.embed({ texts: ["b"] });
    await clock.advance(1);
    over.abort(new Error("no longer wanted"));
    await expect(gone).rejects.toThrow("no longer wanted");
    expect(inner.requests[0]?.call.signal?.aborted).toBe(false);
    await clock.advance(100);
    expect((await stays).vectors).toEqual([vectorOf("b")]);
  });

  it("ends the request, if it was the last", async () => {
    const clock = new VirtualClock();
    const inner = new Scripted();
    inner.answer = () => new Promise(() => {});
    const model = batched(inner, { clock });
    const overs = [new AbortController(), new AbortController()];
    const gone = overs.map(({ signal }) => model.embed({ texts: ["a"] }, { signal }));
    for (const one of gone) one.catch(() => {});
    await clock.advance(1);
    for (const over of overs) over.abort(new Error("no longer wanted"));
    expect((await Promise.allSettled(gone)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(inner.requests[0]?.call.signal?.aborted).toBe(true);
  });

  it("before it began sends nothing", async () => {
    const inner = new Scripted();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(batched(inner).embed({ texts: ["a"] }, { signal })).rejects.toThrow("too late");
    expect(inner.requests).toEqual([]);
  });
});

it("whatever comes, whoever goes and whatever is refused: each caller gets its own vectors, or its own end", async () => {
  const oneCall = fc.record({
    texts: fc.array(fc.constantFrom("a", "bb", "ccc", "bad1", "dddd", "zzzzzzzzzz"), { minLength: 1, maxLength: 12 }),
    after: fc.nat(20),
    aborts: fc.option(fc.nat(60), { nil: undefined, freq: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(oneCall, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (calls, maxInFlight) => {
        const clock = new VirtualClock();
        const inner = new Scripted();
        inner.answer = () => new Promise((resolve) => clock.timer(7, resolve));
        const model = batched(inner, { clock, maxInFlight });
        const ends: { texts: readonly string[]; told: number; end?: unknown; aborted: boolean }[] = [];
        for (const { texts, after, aborts } of calls) {
          const entry: (typeof ends)[number] = { texts, told: 0, aborted: false };
          ends.push(entry);
          clock.timer(after, () => {
            const over = new AbortController();
            if (aborts !== undefined)
              clock.timer(aborts, () => {
                if (entry.end === undefined) entry.aborted = true;
                over.abort(new Error("gone"));
              });
            model.embed({ texts }, { signal: over.signal, onUsage: () => entry.told++ }).then(
              (answer) => (entry.end = answer),
              (error) => (entry.end = error),
            );
          });
        }
        await clock.advance(2_000);
        for (const { texts, told, end, aborted } of ends) {
          expect(told).toBe(1);
          if (end instanceof Error && !aborted) {
            expect(texts.some((text) => text.includes("bad"))).toBe(true);
            expect(end).toMatchObject({ code: "MODEL_REQUEST_REFUSED" });
          } else if (!(end instanceof Error)) expect((end as Embeddings).vectors).toEqual(texts.map(vectorOf));
        }
        for (const { texts } of inner.requests) expect(texts.length).toBeLessThanOrEqual(8);
      },
    ),
    { numRuns: 150 },
  );
});

it.each([{ maxItems: 0 }, { maxItems: 9 }, { maxTokens: 1_000 }, { maxInFlight: 0 }, { windowMs: 5 }])(
  "refuses options that are none: %j",
  (options) => {
    expect(() => batched(new Scripted(), options as never)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
  },
);
