import { systemClock } from "@semel/core";
import { expect, test, vi } from "vitest";
import { embeddingModel, isToBeMock, mockEmbedding, mockText, textModel } from "../../src/provider/index.ts";

const none = (): never => {
  throw new Error("a mock sends nothing");
};
const about = {
  ...{ provider: "test", model: "m", host: "test:1", isMock: false },
  ...{ clock: systemClock, failure: () => ({ message: "" }), send: none },
};

const ask = (env: Record<string, string>, apiKey?: string, policy?: Parameters<typeof isToBeMock>[0]["policy"]) =>
  isToBeMock({ provider: "openai", variable: "OPENAI_API_KEY", apiKey, policy, env });

test("without a key, or with the placeholder, answers are made up, and a warning says so", () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  expect(ask({})).toBe(true);
  expect(ask({}, "your_openai_api_key_here")).toBe(true);
  expect(ask({}, " ")).toBe(true);
  expect(ask({})).toBe(true);
  // Once for each reason, however many providers there are.
  expect(warn.mock.calls.map(([text]) => text)).toEqual([
    "openai answers with a mock: there is no API key (apiKey, or OPENAI_API_KEY)",
    "openai answers with a mock: its API key is only the placeholder of an example (apiKey, or OPENAI_API_KEY)",
  ]);
  expect(ask({}, "sk-real-key-of-somebody")).toBe(false);
  expect(ask({}, undefined, "never")).toBe(false);
  expect(ask({}, "sk-real-key-of-somebody", "always")).toBe(true);
});

test.each([false, true, "Never", "sometimes"])("a policy of mocks that is none is refused: %s", (policy) => {
  expect(() => ask({}, undefined, policy as never)).toThrow(
    expect.objectContaining({
      code: "OPTION_INVALID",
      message: expect.stringContaining("openai.mock: expected without-key"),
    }),
  );
});

test("in production nothing is made up unless somebody has written it down", () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const env = { NODE_ENV: "production" };
  expect(() => ask(env)).toThrow(expect.objectContaining({ code: "MODEL_MOCK_REFUSED" }));
  expect(() => ask(env, undefined, "always")).toThrow(expect.objectContaining({ code: "MODEL_MOCK_REFUSED" }));
  expect(ask(env, undefined, "allow-in-production")).toBe(true);
});

test("the same text has the same vector, of the length that was asked for, and the answer says that it is a mock", async () => {
  const limits = { maxItems: 10, maxTokens: 1_000, maxItemTokens: 100 };
  const model = embeddingModel(mockEmbedding({ ...about, limits, dimensions: 64 }));
  const { vectors, isMock } = await model.embed({ texts: ["a cat", "a dog", "a cat"] });
  expect(model.isMock && isMock).toBe(true);
  expect(vectors.map(({ length }) => length)).toEqual([64, 64, 64]);
  expect(vectors[0]).toEqual(vectors[2]);
  expect(vectors[0]).not.toEqual(vectors[1]);
});

test("a mock is held to the same limits", async () => {
  const limits = { maxItems: 1, maxTokens: 1_000, maxItemTokens: 100 };
  const model = embeddingModel(mockEmbedding({ ...about, limits }));
  await expect(model.embed({ texts: ["a", "b"] })).rejects.toMatchObject({ code: "MODEL_INPUT_INVALID" });
});

test("made-up data fits the schema it is shown", async () => {
  const model = textModel(mockText({ ...about, features: { stream: true, object: "enforced" } }));
  const schema = {
    "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) },
  };
  const jsonSchema = { type: "object", properties: { name: { type: "string" }, ages: { type: "array" } } };
  const answer = await model.object({ messages: [{ role: "user", text: "x" }], schema, jsonSchema });
  expect(answer).toMatchObject({ object: { name: "mock", ages: [] }, isMock: true });
});
