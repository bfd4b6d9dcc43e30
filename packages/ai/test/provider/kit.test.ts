import { ModelError, type Usage } from "@semel/core";
import { describe, expect, it } from "vitest";
import {
  causeCodeOf,
  type EmbeddingModelOptions,
  embeddingModel,
  type FailureFacts,
  imageModel,
  type TextModelOptions,
  textModel,
  type WireText,
} from "../../src/provider/index.ts";

const about = {
  ...{ provider: "test", model: "m", host: "models.test:1", isMock: false },
  ...{ secrets: ["sesame7"], failure: (thrown: unknown) => thrown as FailureFacts },
};
const limits = { maxItems: 10, maxTokens: 1_000, maxItemTokens: 100 };

const embedding = (answer: unknown, more: Partial<EmbeddingModelOptions> = {}) =>
  embeddingModel({ ...about, limits, send: async () => answer as never, ...more });
const text = (answer: unknown, more: Partial<TextModelOptions> = {}) =>
  textModel({ ...about, features: { stream: false, object: "none" }, send: async () => answer as WireText, ...more });
const failing = (facts: Partial<FailureFacts>) =>
  embedding(undefined, { send: () => Promise.reject({ message: "fetch failed", ...facts }) }).embed({ texts: ["a"] });
const ask = { messages: [{ role: "user", text: "Hello" }] } as const;
const good = { text: "Good day", finish: "stop", inputTokens: 5, outputTokens: 3 } as const;

describe("what is said", () => {
  it("names who did not answer, and why", async () => {
    await expect(failing({ cause: "ECONNREFUSED" })).rejects.toMatchObject({
      code: "MODEL_UNREACHABLE",
      message: "test m: no answer from models.test:1 (ECONNREFUSED)",
      details: { cause: "ECONNREFUSED", host: "models.test:1" },
    });
    await expect(failing({ cause: "ECONNRESET", hasBegun: true, message: "terminated" })).rejects.toMatchObject({
      code: "MODEL_FAILED",
      message: "test m: terminated (models.test:1: ECONNRESET)",
    });
  });

  it("asks whether the address is right, where a page came", async () => {
    await expect(failing({ answer: "page", message: "a page" })).rejects.toMatchObject({
      message: "test m: a page; is models.test:1 the address of its API?",
    });
  });

  it("holds no key, wherever a provider repeats it", async () => {
    const said = { status: 400, code: "sesame7", requestId: "of sesame7", message: "x" };
    const error = await failing(said).catch((thrown: unknown) => thrown);
    const blocked = await text({ text: "", finish: "blocked", blocked: "sesame7 is not allowed" })
      .generate(ask)
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify([error, String(error), blocked, String(blocked)])).not.toContain("sesame7");
  });

  it("holds no key, also where the key is short", async () => {
    const error = await failing({ status: 401, message: "no such key: sesame7" }).catch((thrown: unknown) => thrown);
    expect(ModelError.isInstance(error) && error.message).toBe("test m: no such key: [redacted]");
  });
});

describe("a connection that never came about", () => {
  it.each([
    ["ECONNREFUSED", "MODEL_UNREACHABLE"],
    ["ENOTFOUND", "MODEL_UNREACHABLE"],
    ["EAI_AGAIN", "MODEL_UNREACHABLE"],
    ["CERT_HAS_EXPIRED", "MODEL_UNTRUSTED"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "MODEL_UNTRUSTED"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "MODEL_UNTRUSTED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "MODEL_UNTRUSTED"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "MODEL_UNTRUSTED"],
  ])("%s below a failed fetch is %s", async (code, expected) => {
    const thrown = new TypeError("fetch failed", { cause: Object.assign(new Error("below"), { code }) });
    const model = embedding(undefined, {
      send: () => Promise.reject(thrown),
      failure: (error) => ({ message: "fetch failed", cause: causeCodeOf(error) }),
    });
    await expect(model.embed({ texts: ["a"] })).rejects.toMatchObject({ code: expected });
  });

  it("what Node says of programs is none of these", () => {
    expect(causeCodeOf(Object.assign(new Error("x"), { code: "ERR_INVALID_ARG_TYPE" }))).toBeUndefined();
  });

  it("a redirect that nobody followed is another address", async () => {
    await expect(failing({ status: 307 })).rejects.toMatchObject({ code: "MODEL_ANSWER_INVALID", maxAttempts: 2 });
  });
});

describe("answers of an adapter", () => {
  it.each([
    ["null, which JSON makes of NaN", [null, 1]],
    ["texts", ["7", 1]],
  ])("%s are no vector", async (_, values) => {
    await expect(embedding({ vectors: [{ values }] }).embed({ texts: ["a"] })).rejects.toMatchObject({
      code: "MODEL_ANSWER_INVALID",
    });
  });

  it.each(["9", -5, 1.5, Number.NaN, 1e300])("%s tokens are none that a provider has said", async (tokens) => {
    const { usage } = await embedding({ vectors: [{ values: [1] }], inputTokens: tokens }).embed({ texts: ["a"] });
    expect(usage).toEqual({ certainty: "estimated", inputTokens: 1, outputTokens: 0 });
    const answer = await text({ ...good, outputTokens: tokens }).generate(ask);
    expect(answer.usage).toMatchObject({ certainty: "estimated" });
  });

  it("pictures that are none are paid for, as the provider said", async () => {
    for (const wrong of [{ images: [] }, { images: [Uint8Array.of(1)] }, { images: [], blocked: "no" }]) {
      const told: Usage[] = [];
      const model = imageModel({
        ...about,
        features: { maxCount: 1 },
        send: async () => ({ ...wrong, inputTokens: 100, outputTokens: 5_000 }),
      });
      const error = await model
        .generate({ prompt: "A lake" }, { onUsage: (usage) => told.push(usage) })
        .catch((thrown: ModelError) => thrown);
      expect(told).toEqual([{ certainty: "actual", inputTokens: 100, outputTokens: 5_000 }]);
      expect((error as ModelError).usage).toEqual(told[0]);
    }
  });

  it("an end that is none of the two is no end", async () => {
    await expect(text({ ...good, finish: "complete" }).generate(ask)).rejects.toMatchObject({
      code: "MODEL_ANSWER_INVALID",
    });
  });
});

describe("what is asked by whoever is not held to types", () => {
  it.each([undefined, null, 5])("%s is no request", async (request) => {
    const code = "MODEL_INPUT_INVALID";
    await expect(embedding({}).embed(request as never)).rejects.toMatchObject({ code });
    await expect(text(good).generate(request as never)).rejects.toMatchObject({ code });
  });

  it("what becomes of a cut answer is one of two", async () => {
    await expect(text(good).generate({ ...ask, onLength: "z" as never })).rejects.toMatchObject({
      code: "MODEL_INPUT_INVALID",
    });
  });

  it.each([null, { signal: {} }, { onUsage: 5 }, { onLimits: "x" }])("%j is no call", async (call) => {
    const code = "OPTION_INVALID";
    await expect(embedding({}).embed({ texts: ["a"] }, call as never)).rejects.toMatchObject({ code });
    await expect(text(good).generate(ask, call as never)).rejects.toMatchObject({ code });
  });

  it("a clock or a time that is none is refused before there is a model, in the provider's name", () => {
    const made = (more: object) => () => embedding({}, more);
    expect(made({ clock: {} })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(made({ timeout: "soon" })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("test.timeout") }),
    );
  });
});
