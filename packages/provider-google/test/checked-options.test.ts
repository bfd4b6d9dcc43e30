import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type GoogleClient, google } from "../src/index.ts";

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
  for (const name of ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL"]) vi.stubEnv(name, "");
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});
afterEach(() => vi.unstubAllEnvs());

describe("options of models that are none", () => {
  const { text, embedding, image } = google({ apiKey: key });
  const asText = (options: unknown) => () => text("m", options as never);
  const asEmbedding = (options: unknown) => () => embedding("m", options as never);
  const asImage = (options: unknown) => () => Reflect.apply(image, undefined, ["gemini-3-pro-image", options]);
  it.each([
    ["google.text:", asText(null)],
    ["google.text:", asText(5)],
    ["google.text.maxToken:", asText({ maxToken: 5 })],
    ...["1", 0, 1.5, -1, Number.NaN, null].flatMap((count) => [
      ["google.text.maxTokens:", asText({ maxTokens: count })] as const,
      ["google.text.contextTokens:", asText({ contextTokens: count })] as const,
    ]),
    ["google.embedding:", asEmbedding(null)],
    ["google.embedding.dimension:", asEmbedding({ dimension: 5 })],
    ...["", " ", 5, null].map((space) => ["google.embedding.space:", asEmbedding({ space })] as const),
    ["google.image.size:", asImage({ size: "1024x1024" })],
    ["google.image:", asImage(null)],
    ["google model:", () => embedding(Symbol("m") as never)],
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
      const { code, message } = refusalOf(() => google({ apiKey: apiKey as never }));
      expect({ code, message }).toMatchObject({ ...noted, message: expect.stringContaining("google.apiKey:") });
      expect(message).not.toContain("canary");
    },
  );

  it("of the environment is named by its variable", () => {
    vi.stubEnv("GEMINI_API_KEY", `${key}\n`);
    expect(refusalOf(() => google())).toMatchObject({
      ...noted,
      message: 'GEMINI_API_KEY: expected a key, a text of visible characters, got "(not shown: it has white space)"',
    });
  });

  it("of white space is none", () => {
    expect(google({ apiKey: "  " }).text("m").isMock).toBe(true);
    vi.stubEnv("GEMINI_API_KEY", " \n");
    expect(google().text("m").isMock).toBe(true);
    vi.stubEnv("GOOGLE_API_KEY", key);
    expect(google().text("m").isMock).toBe(false);
  });
});

describe("an address", () => {
  it.each(["localhost:4011/v1", "ftp://x/y", "javascript:alert(1)", "nowhere", "", "http://", 5, null])(
    "that is none is refused, and shown: %j",
    (baseURL) => {
      const { code, message } = refusalOf(() => google({ apiKey: key, baseURL: baseURL as never }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("google.baseURL: expected an address like https://host");
      expect(message).toContain(`got ${JSON.stringify(baseURL)}`);
    },
  );

  it("with a user and a password is refused, and says where a key goes", () => {
    for (const baseURL of ["http://user:canary@h/v1", "https://canary@h"]) {
      const { code, message } = refusalOf(() => google({ apiKey: key, baseURL }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("a key goes into apiKey");
      expect(message).toContain("(not shown: it may hold a password)");
      expect(message).not.toContain("canary");
    }
  });

  it("that is none and may hold a password is not shown", () => {
    for (const baseURL of ["user:canary@h/v1", "http://h/v1?key=canary"]) {
      const { code, message } = refusalOf(() => google({ apiKey: key, baseURL }));
      expect(code).toBe("OPTION_INVALID");
      expect(message).toContain("(not shown: it may hold a password)");
      expect(message).not.toContain("canary");
    }
  });

  it("of the environment counts as one that is given: whoever names an address means it", () => {
    vi.stubEnv("GOOGLE_GEMINI_BASE_URL", "http://models.example.com:4011/v1");
    const model = google().text("m");
    expect(model).toMatchObject({ isMock: false, host: "models.example.com:4011" });
    expect(google({ baseURL: "http://other/v1" }).text("m").host).toBe("other");
    expect(google({ mock: "without-key" }).text("m").isMock).toBe(true);
    vi.stubEnv("NODE_ENV", "production");
    expect(google().text("m").isMock).toBe(false);
  });

  it("of the environment that is none is named by its variable", () => {
    vi.stubEnv("GOOGLE_GEMINI_BASE_URL", "localhost:4011");
    expect(refusalOf(() => google({ apiKey: key }))).toMatchObject({
      ...noted,
      message: expect.stringContaining("GOOGLE_GEMINI_BASE_URL: expected an address like https://host"),
    });
  });
});

describe("a client", () => {
  it.each([5, {}, null, "client", { models: {} }])("that is none says what is needed of one: %j", (client) => {
    expect(refusalOf(() => google({ client: client as never }))).toMatchObject({
      ...noted,
      message: expect.stringContaining(
        "google.client: expected a GoogleGenAI client, with models.embedContent, models.generateContent, models.generateContentStream",
      ),
    });
  });

  it("has nothing to do with what is in the environment", () => {
    vi.stubEnv("GEMINI_API_KEY", "no key");
    vi.stubEnv("GOOGLE_GEMINI_BASE_URL", "nowhere");
    const ask = vi.fn();
    const client: GoogleClient = {
      models: { embedContent: ask, generateContent: ask, generateContentStream: ask },
    };
    expect(google({ client }).text("m").isMock).toBe(false);
  });
});
