import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type OpenAiClient, openai } from "../src/index.ts";

const key = "canary-0123456789abcdefghijklmnop";
const noted = { code: "OPTION_INVALID" };
const refusalOf = (make: () => unknown): Error & { readonly code?: string } => {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected a refusal");
};

beforeEach(() => {
  for (const name of ["OPENAI_API_KEY", "OPENAI_BASE_URL"]) vi.stubEnv(name, "");
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});
afterEach(() => vi.unstubAllEnvs());

describe("options of models that are none", () => {
  const { text, embedding, image } = openai({ apiKey: key });
  const asText = (options: unknown) => () => text("m", options as never);
  const asEmbedding = (options: unknown) => () => embedding("m", options as never);
  const asImage = (options: unknown) => () => Reflect.apply(image, undefined, ["gpt-image-1", options]);
  it.each([
    ["openai.text:", asText(null)],
    ["openai.text:", asText(5)],
    ["openai.text.maxToken:", asText({ maxToken: 5 })],
    ...["1", 0, 1.5, -1, Number.NaN, null].flatMap((count) => [
      ["openai.text.maxTokens:", asText({ maxTokens: count })] as const,
      ["openai.text.contextTokens:", asText({ contextTokens: count })] as const,
    ]),
    ["openai.embedding:", asEmbedding(null)],
    ["openai.embedding.dimension:", asEmbedding({ dimension: 5 })],
    ...["", " ", 5, null].map((space) => ["openai.embedding.space:", asEmbedding({ space })] as const),
    ["openai.image.size:", asImage({ size: "1024x1024" })],
    ["openai.image:", asImage(null)],
    ["openai model:", () => embedding(Symbol("m") as never)],
  ] as const)("%s", (option, make) => {
    expect(refusalOf(make)).toMatchObject({ ...noted, message: expect.stringContaining(option) });
  });

  it("those that are some are taken", () => {
    expect(text("m", { maxTokens: 1, contextTokens: 2 }).model).toBe("m");
    expect(embedding("m", { space: "ours" }).space).toBe("ours");
  });
});

describe("a key", () => {
  it.each([5, {}, null, () => key, `${key}\n`, `${key} x`, `${key}\u{1f600}`, `${key}\u200b`])(
    "that no header can carry is refused, and not repeated: %j",
    (apiKey) => {
      const { code, message } = refusalOf(() => openai({ apiKey: apiKey as never }));
      expect({ code, message }).toMatchObject({ ...noted, message: expect.stringContaining("openai.apiKey:") });
      expect(message).not.toContain("canary");
    },
  );

  it("of the environment is named by its variable", () => {
    vi.stubEnv("OPENAI_API_KEY", `${key}\n`);
    expect(refusalOf(() => openai())).toMatchObject({
      ...noted,
      message: 'OPENAI_API_KEY: expected a key, a text of visible characters, got "(not shown: it has white space)"',
    });
  });

  it("of white space is none", () => {
    expect(openai({ apiKey: "  " }).text("m").isMock).toBe(true);
    vi.stubEnv("OPENAI_API_KEY", " \n");
    expect(openai().text("m").isMock).toBe(true);
  });
});

describe("an address", () => {
  it.each(["localhost:4011/v1", "ftp://x/y", "javascript:alert(1)", "nowhere", "", "http://", 5, null])(
    "that is none is refused, and shown: %j",
    (baseURL) => {
      const { code, message } = refusalOf(() => openai({ apiKey: key, baseURL: baseURL as never }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("openai.baseURL: expected an address like https://host");
      expect(message).toContain(`got ${JSON.stringify(baseURL)}`);
    },
  );

  it("with a user and a password is refused, and says where a key goes", () => {
    for (const baseURL of ["http://user:canary@h/v1", "https://canary@h"]) {
      const { code, message } = refusalOf(() => openai({ apiKey: key, baseURL }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("a key goes into apiKey");
      expect(message).toContain("(not shown: it may hold a password)");
      expect(message).not.toContain("canary");
    }
  });

  it("that is none and may hold a password is not shown", () => {
    for (const baseURL of ["user:canary@h/v1", "http://h/v1?key=canary"]) {
      const { code, message } = refusalOf(() => openai({ apiKey: key, baseURL }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("(not shown: it may hold a password)");
      expect(message).not.toContain("canary");
    }
  });

  it("of the environment counts as one that is given: whoever names an address means it", () => {
    vi.stubEnv("OPENAI_BASE_URL", "http://models.example.com:4011/v1");
    const model = openai().text("m");
    expect(model).toMatchObject({ isMock: false, host: "models.example.com:4011" });
    expect(openai({ baseURL: "http://other/v1" }).text("m").host).toBe("other");
    expect(openai({ mock: "without-key" }).text("m").isMock).toBe(true);
    vi.stubEnv("NODE_ENV", "production");
    expect(openai().text("m").isMock).toBe(false);
  });

  it("of the environment that is none is named by its variable", () => {
    vi.stubEnv("OPENAI_BASE_URL", "localhost:4011");
    expect(refusalOf(() => openai({ apiKey: key }))).toMatchObject({
      ...noted,
      message: expect.stringContaining("OPENAI_BASE_URL: expected an address like https://host"),
    });
  });
});

describe("a client", () => {
  it.each([5, {}, null, "client", { baseURL: "https://h/v1", embeddings: {} }])(
    "that is none says what is needed of one: %j",
    (client) => {
      expect(refusalOf(() => openai({ client: client as never }))).toMatchObject({
        ...noted,
        message: expect.stringContaining(
          "openai.client: expected an OpenAI client, with baseURL, embeddings.create, chat.completions.create",
        ),
      });
    },
  );

  it("has nothing to do with what is in the environment", () => {
    vi.stubEnv("OPENAI_API_KEY", "no key");
    vi.stubEnv("OPENAI_BASE_URL", "nowhere");
    const [create, generate] = [vi.fn(), vi.fn()];
    const client: OpenAiClient = {
      ...{ baseURL: "https://h/v1", embeddings: { create }, chat: { completions: { create } }, images: { generate } },
    };
    expect(refusalOf(() => openai({ client: { ...client, baseURL: "h" } }))).toMatchObject({
      ...noted,
      message: expect.stringContaining("openai.client.baseURL:"),
    });
    expect(openai({ client }).text("m").isMock).toBe(false);
  });
});
