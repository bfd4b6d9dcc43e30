import { GoogleGenAI as GoogleGenAI3 } from "@google/genai";
import { unclassifiedFailures } from "@semel/ai/provider";
import type { ModelCall, TextPart, Usage } from "@semel/core";
import type { EpochMs } from "@semel/core/adapter";
import { VirtualClock } from "@semel/testing";
import { ModelServer, type Reply, raw, resetInside, status } from "@semel/testing/models";
import { GoogleGenAI as GoogleGenAI2 } from "genai-2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type GoogleClient, google } from "../src/index.ts";

const key = "canary-0123456789abcdefghijklmnop";
let server: ModelServer;
let unclassifiedBefore = 0;
let printed: readonly ReturnType<typeof vi.spyOn>[] = [];
beforeAll(async () => {
  server = await ModelServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  for (const name of ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_USE_VERTEXAI"])
    vi.stubEnv(name, "");
  unclassifiedBefore = unclassifiedFailures();
  printed = (["log", "info", "debug", "warn", "error"] as const).map((way) => vi.spyOn(console, way));
});
afterEach(() => {
  // Whatever is tested here has its line in the table, and the client's chatter is not ours.
  expect(unclassifiedFailures() - unclassifiedBefore).toBe(0);
  for (const way of printed) expect(way).not.toHaveBeenCalled();
});

const versions = [
  ["3.3", GoogleGenAI3],
  ["2.32", GoogleGenAI2],
] as const;

type Body = Record<string, unknown>;
const vectors = (...list: readonly unknown[]) => ({ embeddings: list.map((values) => ({ values })) });
const usageMetadata = {
  promptTokenCount: 11,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 2,
  cachedContentTokenCount: 4,
  totalTokenCount: 18,
};
const candidate = (parts: readonly object[], finishReason: string | null = "STOP") => ({
  candidates: [{ content: { role: "model", parts }, ...(finishReason !== null && { finishReason }) }],
});
const answer = (parts: readonly object[], finishReason: string | null = "STOP") => ({
  ...candidate(parts, finishReason),
  usageMetadata,
  modelVersion: "t-1-exact",
  responseId: "resp-1",
});
const says = (text: string, finishReason?: string | null) => answer([{ text }], finishReason);
const frames = (...chunks: readonly unknown[]): string =>
  chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join("");
const sse = (...chunks: readonly unknown[]): Reply => raw(frames(...chunks), "text/event-stream");
const problem = (code: number, word: string, message: string, ...details: readonly object[]) => ({
  error: { code, message, status: word, ...(details.length > 0 && { details }) },
});
const rpc = "type.googleapis.com/google.rpc.";
const retryIn = (retryDelay: string) => ({ "@type": `${rpc}RetryInfo`, retryDelay });
const quota = (...ids: readonly string[]) => ({
  "@type": `${rpc}QuotaFailure`,
  violations: ids.map((quotaId) => ({ quotaId })),
});
const because = (reason: string) => ({ "@type": `${rpc}ErrorInfo`, reason, domain: "googleapis.com" });
const ask = (text = "hello") => ({ messages: [{ role: "user", text } as const] });
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const drawn = { inlineData: { mimeType: "image/png", data: png } };

const thrown = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
  const error = await work.then(
    (answered) => ({ answered }),
    (error: Record<string, unknown>) => error,
  );
  // Whatever happens, nobody is shown the key.
  const { message, stack, cause } = error as { message?: string; stack?: string; cause?: unknown };
  const shown = JSON.stringify([error, message, stack, String(cause)]);
  expect(shown).not.toContain(key);
  expect(shown).not.toContain(key.slice(0, 12));
  return error;
};
const collect = async (stream: AsyncIterable<TextPart>): Promise<TextPart[]> => {
  const parts: TextPart[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
};
const asked = (): Body => server.requests[0]?.body as Body;

describe.each(versions)("with @google/genai %s", (version, Client) => {
  let told: Usage[];
  let call: ModelCall;
  beforeEach(() => {
    told = [];
    call = { onUsage: (usage) => told.push(usage), key: "the-key", timeout: "5s" };
  });

  const client = (more: object = {}): GoogleClient =>
    new Client({ apiKey: key, vertexai: false, httpOptions: { baseUrl: server.url, ...more } });
  const vertex = (): GoogleClient => new Client({ apiKey: key, vertexai: true, httpOptions: { baseUrl: server.url } });
  // Not near the end of a day in California.
  const models = () => google({ client: client(), clock: new VirtualClock() });
  const text = () => models().text("t-1");
  const embed = (texts: readonly string[] = ["a", "b"], model = "e-1") =>
    models().embedding(model).embed({ texts }, call);

  describe("embeddings", () => {
    it.each(["gemini-embedding-001", "gemini-embedding-2", "gemini-embedding-2-preview", "e-1"])(
      "of several texts are asked for at once, each text by itself: %s",
      async (model) => {
        server.replyWith(status(200, vectors(new Array(3_072).fill(0.5), new Array(3_072).fill(1))));
        const length = model === "e-1" ? undefined : 3_072;
        expect(models().embedding(model).dimensions).toBe(length);
        const answer = await embed(["a", "b"], model);
        expect(answer).toMatchObject({ provider: "google", model, isMock: false });
        expect(answer.space).toBe(length === undefined ? "google/e-1" : `google/${model}/3072`);
        expect(answer.vectors.map(([head]) => head)).toEqual([0.5, 1]);
        expect(server.requests).toHaveLength(1);
        expect(server.requests[0]?.path).toMatch(new RegExp(`^/v1(beta)?/models/${model}:batchEmbedContents$`));
        expect(server.requests[0]?.headers["x-goog-api-key"]).toBe(key);
        expect(asked()).toEqual({
          requests: ["a", "b"].map((text) => ({
            model: `models/${model}`,
            content: { role: "user", parts: [{ text }] },
          })),
        });
      },
    );

    it("cost what the provider says, or an estimate", async () => {
      server.replyWith(status(200, { ...vectors([1], [2]), usageMetadata: { promptTokenCount: 7 } }));
      await embed();
      // The older client keeps this from us.
      const known = { certainty: "actual", inputTokens: 7, outputTokens: 0 };
      expect(told).toEqual([version === "3.3" ? known : { certainty: "estimated", inputTokens: 2, outputTokens: 0 }]);
    });

    it("have the length that was asked for; where the provider does not normalise shortened ones, they are", async () => {
      const short = models().embedding("gemini-embedding-001", { dimensions: 128 });
      expect(short.space).toBe("google/gemini-embedding-001/128");
      server.replyWith(status(200, vectors([3, 4, ...new Array(126).fill(0)])));
      const [vector] = (await short.embed({ texts: ["a"] })).vectors;
      expect([...(vector ?? [])].slice(0, 2)).toEqual([Math.fround(0.6), Math.fround(0.8)]);
      expect(asked()).toMatchObject({ requests: [{ outputDimensionality: 128 }] });
    });

    it.each([
      ["gemini-embedding-001", undefined, 3_072],
      ["gemini-embedding-001", 3_072, 3_072],
      ["gemini-embedding-2", 128, 128],
      ["e-1", 2, 2],
    ])(
      "are left as they are where they are whole, or normalised already: %s at %s",
      async (model, dimensions, length) => {
        server.replyWith(status(200, vectors([3, 4, ...new Array(length - 2).fill(0)])));
        const [vector] = (
          await models()
            .embedding(model, { dimensions })
            .embed({ texts: ["a"] })
        ).vectors;
        expect([...(vector ?? [])].slice(0, 2)).toEqual([3, 4]);
      },
    );

    it.each([
      ["gemini-embedding-001", 127],
      ["gemini-embedding-001", 3_073],
      ["gemini-embedding-2", 1.5],
      ["text-embedding-005", 769],
      ["e-1", 0],
    ])("are refused at a length the model does not have: %s, %s", (model, dimensions) => {
      expect(() => models().embedding(model, { dimensions })).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    });

    it.each([
      ["too many", "e-1", Array.from({ length: 101 }, () => "a"), "MODEL_INPUT_INVALID"],
      ["too long", "gemini-embedding-001", ["word ".repeat(2_000)], "MODEL_INPUT_TOO_LONG"],
    ])("are not asked for: %s", async (_, model, texts, code) => {
      server.replyWith(status(200, vectors()));
      expect(await thrown(embed(texts, model))).toMatchObject({ code });
      expect(server.requests).toEqual([]);
    });

    it("longer texts are for newer models", async () => {
      server.replyWith(status(200, vectors(new Array(3_072).fill(1))));
      expect((await embed(["word ".repeat(2_000)], "gemini-embedding-2")).vectors).toHaveLength(1);
    });
  });

  describe("embeddings of Vertex AI", () => {
    const prediction = (values: readonly number[], statistics: object) => ({ embeddings: { values, statistics } });

    it("are counted, and no text may be cut", async () => {
      const values = new Array(768).fill(1);
      const predictions = [prediction(values, { token_count: 2 }), prediction(values, { token_count: 3 })];
      server.replyWith(status(200, { predictions }));
      const model = google({ client: vertex() }).embedding("text-embedding-005");
      expect(model.limits).toEqual({ maxItems: 250, maxTokens: 20_000, maxItemTokens: 2_048 });
      const { usage } = await model.embed({ texts: ["a", "b"] });
      expect(usage).toEqual({ certainty: "actual", inputTokens: 5, outputTokens: 0 });
      expect(server.requests[0]?.path).toContain("text-embedding-005:predict");
      expect(asked()).toEqual({
        instances: [{ content: "a" }, { content: "b" }],
        parameters: { autoTruncate: false },
      });
    });

    it("are none where a text was cut all the same", async () => {
      server.replyWith(
        status(200, { predictions: [prediction(new Array(768).fill(1), { truncated: true, token_count: 2_048 })] }),
      );
      const model = google({ client: vertex() }).embedding("text-embedding-005");
      expect(await thrown(model.embed({ texts: ["a"] }))).toMatchObject({
        code: "MODEL_INPUT_TOO_LONG",
        failureClass: "fail",
      });
    });

    it("are one at a time with Gemini's models", async () => {
      const model = google({ client: vertex() }).embedding("gemini-embedding-2");
      expect(model.limits.maxItems).toBe(1);
      server.replyWith(
        status(200, { embedding: { values: new Array(3_072).fill(1) }, usageMetadata: { promptTokenCount: 4 } }),
      );
      expect(await model.embed({ texts: ["a"] })).toMatchObject({ usage: { certainty: "actual", inputTokens: 4 } });
      expect(asked()).toEqual({
        content: { role: "user", parts: [{ text: "a" }] },
        embedContentConfig: { autoTruncate: false },
      });
    });
  });

  describe("texts", () => {
    it("come with usage and why they end; thoughts are paid for, and not shown", async () => {
      server.replyWith(status(200, answer([{ text: "Let me see.", thought: true }, { text: "h" }, { text: "i" }])));
      const limits = vi.fn();
      const messages = [
        { role: "system", text: "Be brief." },
        { role: "user", text: "one" },
        { role: "assistant", text: "two" },
        { role: "system", text: "Be kind." },
        { role: "user", text: "three" },
      ] as const;
      const asking = text().generate(
        { messages, temperature: 0, stop: ["."], maxTokens: 99 },
        { ...call, onLimits: limits },
      );
      expect(await asking).toEqual({
        text: "hi",
        finish: "stop",
        provider: "google",
        model: "t-1-exact",
        isMock: false,
        usage: { certainty: "actual", inputTokens: 11, outputTokens: 7, cachedInputTokens: 4 },
        requestId: "resp-1",
      });
      expect(told).toHaveLength(1);
      expect(server.requests[0]?.path).toMatch(/^\/v1(beta)?\/models\/t-1:generateContent$/);
      expect(asked()).toEqual({
        contents: [
          { role: "user", parts: [{ text: "one" }] },
          { role: "model", parts: [{ text: "two" }] },
          { role: "user", parts: [{ text: "three" }] },
        ],
        systemInstruction: expect.objectContaining({ parts: [{ text: "Be brief." }, { text: "Be kind." }] }),
        generationConfig: { maxOutputTokens: 99, temperature: 0, stopSequences: ["."] },
      });
    });

    it("have a bound, and nothing else that was not asked for", async () => {
      server.replyWith(status(200, says("hi")));
      await text().generate({ ...ask(), stop: [] });
      expect(asked()).toEqual({
        contents: [{ role: "user", parts: [{ text: "hello" }] }],
        generationConfig: { maxOutputTokens: 4_096 },
      });
    });

    it.each<readonly [string, Body, string]>([
      ["cut", says("hi", "MAX_TOKENS"), "MODEL_OUTPUT_CUT"],
      ["cut by its thoughts", answer([], "MAX_TOKENS"), "MODEL_OUTPUT_CUT"],
      ...[
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
        "ESCALATION",
      ].map((reason) => [reason, says("", reason), "MODEL_CONTENT_BLOCKED"] as const),
      [
        "a prompt that is blocked",
        { promptFeedback: { blockReason: "OTHER" }, usageMetadata },
        "MODEL_CONTENT_BLOCKED",
      ],
      ...["OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE", "A_NEW_ONE"].map(
        (reason) => [reason, says("hi", reason), "MODEL_ANSWER_INVALID"] as const,
      ),
      ["only thoughts", answer([{ text: "Hm.", thought: true }]), "MODEL_ANSWER_INVALID"],
      ["without an end", says("hi", null), "MODEL_ANSWER_INVALID"],
      ["without candidates", { usageMetadata }, "MODEL_ANSWER_INVALID"],
      ["of nothing", {}, "MODEL_ANSWER_INVALID"],
      ["of nonsense", { candidates: 7, usageMetadata: [] }, "MODEL_ANSWER_INVALID"],
    ])("that are no answer are refused, and paid for: %s", async (_, body, code) => {
      server.replyWith(status(200, body));
      expect(await thrown(text().generate(ask(), call))).toMatchObject({ code });
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({
        inputTokens: "usageMetadata" in body && !Array.isArray(body.usageMetadata) ? 11 : 2,
      });
    });

    it("that are blocked say why, in the provider's word", async () => {
      server.replyWith(status(200, { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }));
      expect((await thrown(text().generate(ask()))).message).toContain("PROHIBITED_CONTENT");
    });

    it("one call is one request, also where the provider would go on", async () => {
      const [first] = says("the first half", "CONTINUATION").candidates;
      const half = { ...says("", null), candidates: [{ ...first, continuationToken: "more" }] };
      const reply = (stream: boolean): Reply => {
        const left = [half, says("the second")];
        return (response, request) => {
          const next = left.shift();
          (stream ? sse(next) : status(200, next))(response, request);
        };
      };
      server.replyWith(reply(false));
      expect(await text().generate({ ...ask(), onLength: "accept" })).toMatchObject({ finish: "length" });
      expect(server.requests).toHaveLength(1);
      server.replyWith(reply(true));
      const parts = await collect(text().stream({ ...ask(), onLength: "accept" }));
      expect(parts.at(-1)).toMatchObject({ text: "the first half", finish: "length" });
      expect(server.requests).toHaveLength(1);
    });
  });

  describe("streams", () => {
    it("come in pieces, and end with the whole; thoughts are left out", async () => {
      server.replyWith(
        sse(answer([{ text: "Hm.", thought: true }], null), says("Ar", null), says("ma", null), answer([], "STOP")),
      );
      const parts = await collect(text().stream(ask(), call));
      expect(parts.map(({ text }) => text)).toEqual(["Ar", "ma", "Arma"]);
      expect(parts.at(-1)).toMatchObject({ is: "end", finish: "stop", model: "t-1-exact", requestId: "resp-1" });
      expect(told).toEqual([{ certainty: "actual", inputTokens: 11, outputTokens: 7, cachedInputTokens: 4 }]);
      expect(server.requests[0]?.path).toMatch(/models\/t-1:streamGenerateContent\?alt=sse$/);
    });

    it("cost what was last said of it, before or after the end", async () => {
      const late = { usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 30 } };
      server.replyWith(sse(says("Arma", null), candidate([], "STOP")));
      await collect(text().stream(ask(), call));
      server.replyWith(sse(candidate([{ text: "Arma" }]), late));
      await collect(text().stream(ask(), call));
      expect(told).toMatchObject([{ outputTokens: 7 }, { certainty: "actual", inputTokens: 20, outputTokens: 30 }]);
    });

    it.each([
      ["without a reason to end", sse(says("Arma virumque", null)), "MODEL_ANSWER_INVALID"],
      [
        "within a piece",
        raw(`${frames(says("Arma virumque", null))}data: {"cand`, "text/event-stream"),
        "MODEL_ANSWER_INVALID",
      ],
      [
        "with a piece that is no JSON",
        raw(`${frames(says("Arma virumque", null))}data: {"cand\r\n\r\n`, "text/event-stream"),
        "MODEL_ANSWER_INVALID",
      ],
      ["in the middle", resetInside(frames(says("Arma virumque", null)), "text/event-stream"), "MODEL_FAILED"],
      ["with an error", sse(says("Arma virumque", null), problem(500, "INTERNAL", "oops")), "MODEL_FAILED"],
      ["overloaded", sse(says("Arma virumque", null), problem(503, "UNAVAILABLE", "busy")), "MODEL_BUSY"],
      ["by its filter", sse(says("Arma virumque", null), candidate([], "SAFETY")), "MODEL_CONTENT_BLOCKED"],
    ])("that end %s are no success, and are charged", async (_, reply, code) => {
      server.replyWith(reply);
      expect(await thrown(collect(text().stream(ask(), call)))).toMatchObject({ code });
      if (code === "MODEL_CONTENT_BLOCKED") expect(told).toMatchObject([{ inputTokens: 11 }]);
      else expect(told).toEqual([{ certainty: "estimated", inputTokens: 11, outputTokens: 4 }]);
    });

    it.each([
      ["an error", status(200, problem(429, "RESOURCE_EXHAUSTED", "slow", retryIn("9s"))), "MODEL_RATE_LIMITED"],
      ["an error in a list", status(200, [problem(503, "UNAVAILABLE", "busy")]), "MODEL_BUSY"],
      ["a page", raw("<html>\n\n\n\n</html>", "text/html"), "MODEL_ANSWER_INVALID"],
      ["no stream", status(200, says("hi")), "MODEL_ANSWER_INVALID"],
      ["nothing", raw("", "text/event-stream"), "MODEL_ANSWER_INVALID"],
    ])("that are none are no success: %s", async (_, reply, code) => {
      server.replyWith(reply);
      expect(await thrown(collect(text().stream(ask(), call)))).toMatchObject({ code });
    });
  });

  describe("data", () => {
    const schema = z.object({ people: z.array(z.string()), year: z.number() });

    it("is held to the schema, which is sent as it is", async () => {
      server.replyWith(status(200, says('{"people":["Aeneas"],"year":-19}')));
      expect(text().features).toEqual({ stream: true, object: "enforced" });
      expect(await text().object({ ...ask(), schema }, call)).toMatchObject({
        object: { people: ["Aeneas"], year: -19 },
        repairs: 0,
      });
      expect(asked().generationConfig).toEqual({
        maxOutputTokens: 4_096,
        responseMimeType: "application/json",
        responseJsonSchema: {
          type: "object",
          properties: { people: { type: "array", items: { type: "string" } }, year: { type: "number" } },
          required: ["people", "year"],
        },
      });
    });

    it("that never fits is told, and every try is paid for", async () => {
      server.replyWith(status(200, says('{"people":"SECRET"}')));
      const error = await thrown(text().object({ ...ask(), schema }, call));
      expect(error).toMatchObject({ code: "MODEL_OUTPUT_INVALID", failureClass: "fail" });
      expect(JSON.stringify(error)).not.toContain("SECRET");
      expect(told).toMatchObject([{ inputTokens: 22, outputTokens: 14 }]);
    });
  });

  describe("failures", () => {
    const spent = { code: "MODEL_QUOTA_SPENT", failureClass: "defer" };
    const refused = { code: "MODEL_REQUEST_REFUSED", failureClass: "fail" };
    const keyRefused = { code: "MODEL_CREDENTIAL_REFUSED", failureClass: "fail" };
    const tooLong = { code: "MODEL_INPUT_TOO_LONG", failureClass: "fail" };
    const limited = { code: "MODEL_RATE_LIMITED", failureClass: "defer" };
    const minute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    const day = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
    const plan = "You exceeded your current quota, please check your plan and billing details.";

    const table: readonly (readonly [string, Reply, object])[] = [
      ["a bad request", status(400, problem(400, "INVALID_ARGUMENT", "Unknown name")), { ...refused, status: 400 }],
      [
        "a wrong key that is repeated",
        status(400, problem(400, "INVALID_ARGUMENT", `API key not valid: ${key}`, because("API_KEY_INVALID"))),
        keyRefused,
      ],
      ["an expired key", status(400, problem(400, "INVALID_ARGUMENT", "API key expired. Renew it.")), keyRefused],
      [
        "a leaked key",
        status(403, problem(403, "PERMISSION_DENIED", "Your API key was reported as leaked.")),
        keyRefused,
      ],
      [
        "a key for elsewhere",
        status(403, problem(403, "PERMISSION_DENIED", "Referer blocked", because("API_KEY_HTTP_REFERRER_BLOCKED"))),
        keyRefused,
      ],
      [
        "no key",
        status(403, problem(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers")),
        keyRefused,
      ],
      ["a wrong token", status(401, problem(401, "UNAUTHENTICATED", "Invalid credentials")), keyRefused],
      [
        "no permission",
        status(403, problem(403, "PERMISSION_DENIED", "Permission denied", because("SERVICE_DISABLED"))),
        refused,
      ],
      [
        "a place where it is not to be had",
        status(400, problem(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")),
        refused,
      ],
      [
        "billing that is needed",
        status(400, problem(400, "FAILED_PRECONDITION", "Please enable billing on your project.")),
        spent,
      ],
      [
        "billing that is off",
        status(403, problem(403, "PERMISSION_DENIED", "No.", because("BILLING_DISABLED"))),
        spent,
      ],
      ["credits that are used up", status(402, problem(402, "RESOURCE_EXHAUSTED", "Buy credits")), spent],
      [
        "credits that are used up, as a limit",
        status(429, problem(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.")),
        spent,
      ],
      [
        "a limit, with a delay",
        status(429, problem(429, "RESOURCE_EXHAUSTED", plan, quota(minute), retryIn("34.07s"))),
        { ...limited, retryAfterMs: 34_070, details: { status: 429, providerCode: "RESOURCE_EXHAUSTED" } },
      ],
      [
        "a limit, with a delay in its headers",
        status(429, problem(429, "RESOURCE_EXHAUSTED", plan), { "retry-after": "21" }),
        { ...limited, retryAfterMs: 21_000 },
      ],
      ["a limit of no known length", status(429, problem(429, "RESOURCE_EXHAUSTED", "x", retryIn("soon"))), limited],
      ["Vertex AI's limit", status(429, problem(429, "RESOURCE_EXHAUSTED", "Resource exhausted")), limited],
      [
        "a day's quota, whatever the delay",
        status(429, problem(429, "RESOURCE_EXHAUSTED", plan, quota(minute, day), retryIn("5s")), {
          "retry-after": "5",
        }),
        { ...spent, retryAfterMs: 3_600_000 },
      ],
      [
        "too many tokens",
        status(400, problem(400, "INVALID_ARGUMENT", "The input token count (81881) exceeds the maximum (65536).")),
        tooLong,
      ],
      [
        "too many tokens, as a failure of its own",
        status(500, problem(500, "INTERNAL", "Your input context is too long.")),
        tooLong,
      ],
      [
        "too many bytes",
        status(400, problem(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.")),
        tooLong,
      ],
      [
        "a limit of tokens a minute",
        status(429, problem(429, "RESOURCE_EXHAUSTED", "Quota exceeded: the input token count of a minute")),
        limited,
      ],
      [
        "words it will not have",
        status(400, problem(400, "INVALID_ARGUMENT", "It may violate our Responsible AI practices.")),
        { code: "MODEL_CONTENT_BLOCKED", failureClass: "fail" },
      ],
      ["no such model", status(404, problem(404, "NOT_FOUND", "models/x is not found")), { code: "MODEL_UNKNOWN" }],
      ["its end", status(499, problem(499, "CANCELLED", "cancelled")), { code: "MODEL_FAILED", failureClass: "retry" }],
      ["its failure", status(500, problem(500, "INTERNAL", "oops")), { code: "MODEL_FAILED", maxAttempts: 3 }],
      [
        "its haste",
        status(504, problem(504, "DEADLINE_EXCEEDED", "late")),
        { code: "MODEL_FAILED", failureClass: "retry" },
      ],
      ["too much to do", status(503, problem(503, "UNAVAILABLE", "overloaded")), { code: "MODEL_BUSY" }],
      [
        "a proxy's page",
        (response) => void response.writeHead(502, { "content-type": "text/html" }).end("<html>bad gateway</html>"),
        { code: "MODEL_FAILED", status: 502 },
      ],
      [
        "a refusal without its end",
        (response) => void response.writeHead(503, { "content-type": "application/json" }).end('{"err'),
        { code: "MODEL_BUSY", status: 503 },
      ],
      ["an error under 200", status(200, problem(503, "UNAVAILABLE", "busy")), { code: "MODEL_BUSY" }],
      ["an error under 200, by its word", status(200, { error: { status: "RESOURCE_EXHAUSTED" } }), limited],
      [
        "an error under 200, in a text",
        status(200, { error: "fell over" }),
        { code: "MODEL_FAILED", message: expect.stringContaining("fell over") },
      ],
      ["an error under 200 without its end", raw('{"error": {"mess'), { code: "MODEL_ANSWER_INVALID" }],
      ["a text", raw("sign in", "text/plain"), { code: "MODEL_ANSWER_INVALID", maxAttempts: 2 }],
      [
        "a refusal that breaks off",
        (response) => {
          response.writeHead(503, { "content-type": "application/json", "content-length": "100" });
          response.write("{", () => setImmediate(() => response.socket?.resetAndDestroy()));
        },
        { code: "MODEL_BUSY", status: 503 },
      ],
      ["an empty text", raw("", "text/plain"), { code: "MODEL_ANSWER_INVALID", maxAttempts: undefined }],
      ["a list", raw("[]"), { code: "MODEL_ANSWER_INVALID" }],
      ["null", raw("null"), { code: "MODEL_ANSWER_INVALID" }],
    ];

    it.each(table)("%s, of embeddings", async (_, reply, expected) => {
      server.replyWith(reply);
      expect(await thrown(embed())).toMatchObject(expected);
      expect(told).toHaveLength(1);
      expect(server.requests).toHaveLength(1);
    });

    it.each(table)("%s, of texts", async (_, reply, expected) => {
      server.replyWith(reply);
      expect(await thrown(text().generate(ask(), call))).toMatchObject(expected);
      expect(server.requests).toHaveLength(1);
    });

    it.each(table)("%s, of streams", async (_, reply, expected) => {
      server.replyWith(reply);
      expect(await thrown(collect(text().stream(ask(), call)))).toMatchObject(expected);
      expect(server.requests).toHaveLength(1);
    });

    it("a day's quota is waited for until midnight in California, an hour at a time", async () => {
      // 23:30 there, in winter.
      const clock = new VirtualClock({ startAt: Date.UTC(2026, 11, 2, 7, 30) as EpochMs });
      server.replyWith(status(429, problem(429, "RESOURCE_EXHAUSTED", plan, quota(day))));
      const model = google({ client: client(), clock }).text("t-1");
      expect(await thrown(model.generate(ask()))).toMatchObject({ ...spent, retryAfterMs: 1_800_000 });
    });
  });

  describe("a client of the user's", () => {
    it("does not retry, and has no timeout, whatever it was told", async () => {
      const impatient = client({ retryOptions: { attempts: 4, initialDelay: 0.001 }, timeout: 1_000 });
      server.replyWith(status(503, problem(503, "UNAVAILABLE", "busy")));
      const model = google({ client: impatient }).text("t-1");
      expect(await thrown(model.generate(ask()))).toMatchObject({ code: "MODEL_BUSY" });
      expect(server.requests).toHaveLength(1);
      expect(server.requests[0]?.headers["x-server-timeout"]).toBeUndefined();
    });

    it("goes on using its own fetch", async () => {
      const own = vi.fn((input: string, init: object) => fetch(input, { ...init, headers: { "x-proxy": "yes" } }));
      server.replyWith(status(503, problem(503, "UNAVAILABLE", "busy"), { "retry-after": "8" }));
      const model = google({ client: client({ fetch: own }) }).text("t-1");
      expect(await thrown(model.generate(ask()))).toMatchObject({ code: "MODEL_BUSY", retryAfterMs: 8_000 });
      expect(own).toHaveBeenCalledTimes(1);
      expect(server.requests[0]?.headers["x-proxy"]).toBe("yes");
    });

    it("shares what is known of limits by its key", () => {
      const word = (given: GoogleClient) => google({ client: given }).text("t").credential;
      expect(word(client())).toBe(google({ apiKey: key }).text("t").credential);
      const keyless: GoogleClient = { models: client().models };
      expect(word(keyless)).toBe(word(keyless));
      expect(word(keyless)).not.toBe(word({ models: client().models }));
    });

    it("says where it asks", () => {
      expect(google({ client: client() }).text("t").host).toBe(new URL(server.url).host);
      expect(google({ client: { models: client().models } }).text("t").host).toBe("generativelanguage.googleapis.com");
      expect(google({ client: { vertexai: true, models: client().models } }).text("t").host).toBe(
        "aiplatform.googleapis.com",
      );
    });
  });

  it("what the answer's headers say of limits is handed on, beside answers and refusals", async () => {
    const limits = vi.fn();
    const headers = { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "2s" };
    server.replyWith(status(200, says("hi"), headers));
    await text().generate(ask(), { onLimits: limits });
    server.replyWith(status(429, problem(429, "RESOURCE_EXHAUSTED", "slow"), headers));
    await thrown(text().generate(ask(), { onLimits: limits }));
    const expected = [{ requests: { remaining: 59, resetMs: 2_000 } }];
    expect(limits.mock.calls).toEqual([expected, expected]);
  });

  it("long silences are the kit's affair, not those of Node's fetch", async () => {
    const asking = vi.spyOn(Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1")) as Dispatcher, "dispatch");
    server.replyWith(status(200, says("hi")));
    await text().generate(ask());
    expect(asking.mock.calls[0]?.[0]).toMatchObject({ headersTimeout: 0, bodyTimeout: 0 });
  });

  describe("pictures of Gemini's models", () => {
    const image = (model = "gemini-3-pro-image") => models().image(model);

    it("come as bytes, without those it thought of on the way", async () => {
      server.replyWith(status(200, answer([{ ...drawn, thought: true }, { text: "Here it is." }, drawn])));
      const answered = await image().generate({ prompt: "a ship" }, call);
      expect(answered).toMatchObject({
        images: [{ bytes: Uint8Array.from(Buffer.from(png, "base64")), mediaType: "image/png" }],
        model: "t-1-exact",
        requestId: "resp-1",
        usage: { certainty: "actual", inputTokens: 11, outputTokens: 7 },
      });
      expect(asked()).toEqual({
        contents: [{ role: "user", parts: [{ text: "a ship" }] }],
        generationConfig: { responseModalities: ["IMAGE"] },
      });
    });

    it.each([
      ["1024x1024", { aspectRatio: "1:1" }],
      ["1344x768", { aspectRatio: "16:9" }],
      ["768x1376", { aspectRatio: "9:16" }],
      ["1024x1536", { aspectRatio: "2:3" }],
      ["1152x896", { aspectRatio: "5:4" }],
      ["1584x672", { aspectRatio: "21:9" }],
      ["2048x2048", { aspectRatio: "1:1", imageSize: "2K" }],
      ["5504x3072", { aspectRatio: "16:9", imageSize: "4K" }],
    ] as const)("of %s are asked for by their shape", async (size, imageConfig) => {
      server.replyWith(status(200, answer([drawn])));
      await image().generate({ prompt: "a ship", size });
      expect(asked().generationConfig).toEqual({ responseModalities: ["IMAGE"], imageConfig });
    });

    it.each([
      ["gemini-3-pro-image", { size: "1024x400" }],
      ["gemini-3-pro-image", { size: "256x256" }],
      ["gemini-3-pro-image", { size: "0x0" }],
      ["gemini-3-pro-image", { size: "99999x99999" }],
      ["gemini-2.5-flash-image", { size: "2048x2048" }],
      ["gemini-3-pro-image", { count: 2 }],
    ] as const)("are not asked for where there are none like it: %s, %j", async (model, request) => {
      server.replyWith(status(200, answer([drawn])));
      expect(await thrown(image(model).generate({ prompt: "a ship", ...request }, call))).toMatchObject({
        code: "MODEL_UNSUPPORTED",
        failureClass: "fail",
      });
      expect(server.requests).toEqual([]);
      expect(told).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
    });

    it.each([
      ["words alone", answer([{ text: "I would rather not." }]), "MODEL_ANSWER_INVALID"],
      ["none", answer([], "NO_IMAGE"), "MODEL_ANSWER_INVALID"],
      ["what is no picture", answer([{ inlineData: { data: "AAAA" } }]), "MODEL_ANSWER_INVALID"],
      ["one that is blocked", answer([], "IMAGE_SAFETY"), "MODEL_CONTENT_BLOCKED"],
      ["a prompt that is blocked", { promptFeedback: { blockReason: "SAFETY" } }, "MODEL_CONTENT_BLOCKED"],
    ])("that are none are refused: %s", async (_, body, code) => {
      server.replyWith(status(200, body));
      expect(await thrown(image().generate({ prompt: "a ship" }))).toMatchObject({ code });
    });
  });

  describe("pictures of Imagen", () => {
    const image = () => google({ client: vertex() }).image("imagen-4.0-generate-001");

    it("come as many as were asked for, and nothing is printed", async () => {
      const predictions = [1, 2].map(() => ({ bytesBase64Encoded: png, mimeType: "image/png" }));
      server.replyWith(status(200, { predictions }));
      const { images, usage } = await image().generate({ prompt: "a ship", count: 2, size: "2048x2048" });
      expect(images.map(({ mediaType }) => mediaType)).toEqual(["image/png", "image/png"]);
      expect(usage).toMatchObject({ certainty: "estimated" });
      expect(server.requests[0]?.path).toContain("imagen-4.0-generate-001:predict");
      expect(asked()).toEqual({
        instances: [{ prompt: "a ship" }],
        parameters: { sampleCount: 2, includeRaiReason: true, aspectRatio: "1:1", sampleImageSize: "2K" },
      });
    });

    it("are blocked where one is", async () => {
      const predictions = [{ bytesBase64Encoded: png }, { raiFilteredReason: "It may show violence." }];
      server.replyWith(status(200, { predictions }));
      const error = await thrown(image().generate({ prompt: "a ship", count: 2 }));
      expect(error).toMatchObject({ code: "MODEL_CONTENT_BLOCKED", message: expect.stringContaining("violence") });
    });

    it.each([
      ["MODEL_ANSWER_INVALID", 200, {}],
      ["MODEL_BUSY", 503, problem(503, "UNAVAILABLE", "busy")],
    ])("that are none are %s", async (code, httpStatus, body) => {
      server.replyWith(status(httpStatus, body));
      expect(await thrown(image().generate({ prompt: "a ship" }))).toMatchObject({ code });
    });

    it.each([{ size: "4096x4096" }, { size: "1024x1536" }, { count: 5 }] as const)(
      "are not asked for where there are none like it: %j",
      async (request) => {
        expect(await thrown(image().generate({ prompt: "a ship", ...request }))).toMatchObject({
          code: "MODEL_UNSUPPORTED",
        });
      },
    );

    it("are Vertex AI's, and said so before anything is asked", () => {
      expect(() => models().image("imagen-4.0-generate-001")).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID", message: expect.stringContaining("Vertex AI") }),
      );
      const without: GoogleClient = { vertexai: true, models: { ...vertex().models, generateImages: undefined } };
      expect(() => google({ client: without }).image("imagen-4")).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    });
  });
});

interface Dispatcher {
  dispatch(options: object, handler: object): boolean;
}

describe("whatever the client", () => {
  const refusing = (error: unknown): GoogleClient => {
    const refuse = () => Promise.reject(error);
    return { models: { embedContent: refuse, generateContent: refuse, generateContentStream: refuse } };
  };

  it.each(["Could not load the default credentials. See the docs.", "invalid_grant"])(
    "no credentials are no mystery: %s",
    async (message) => {
      const model = google({ client: refusing(new Error(message)) }).text("t");
      expect(await thrown(model.generate(ask()))).toMatchObject({ code: "MODEL_CREDENTIAL_REFUSED" });
    },
  );

  it("a refusal that it read itself is understood", async () => {
    const body = JSON.stringify(problem(429, "RESOURCE_EXHAUSTED", "slow", retryIn("3s")));
    for (const message of [body, `got status: RESOURCE_EXHAUSTED. ${body}`]) {
      const model = google({ client: refusing(Object.assign(new Error(message), { status: 429 })) }).text("t");
      expect(await thrown(model.generate(ask()))).toMatchObject({ code: "MODEL_RATE_LIMITED", retryAfterMs: 3_000 });
    }
  });
});

describe("options", () => {
  const environment = async (env: Readonly<Record<string, string>>, options: object = {}) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    server.replyWith(status(200, says("hi")));
    await google({ baseURL: server.url, ...options })
      .text("t")
      .generate(ask());
    return server.requests[0];
  };
  const both = { GEMINI_API_KEY: "gemini-key-0123456789", GOOGLE_API_KEY: "google-key-0123456789" };

  it.each([
    [both, {}, both.GEMINI_API_KEY],
    [{ GOOGLE_API_KEY: both.GOOGLE_API_KEY }, {}, both.GOOGLE_API_KEY],
    [both, { apiKey: "own-key-0123456789" }, "own-key-0123456789"],
    [{}, {}, "none"],
  ])(
    "the key is the one that was said, else the environment's, and nothing is printed: %j %j",
    async (env, options, expected) => {
      expect((await environment(env, options))?.headers["x-goog-api-key"]).toBe(expected);
    },
  );

  it("an environment that is set for Vertex AI changes nothing", async () => {
    const request = await environment({ ...both, GOOGLE_GENAI_USE_VERTEXAI: "true", GOOGLE_CLOUD_PROJECT: "p" });
    expect(request?.path).toMatch(/^\/v1(beta)?\/models\/t:generateContent$/);
  });

  it("a warning of somebody else's is not lost", () => {
    const { warn } = console;
    google({ apiKey: key });
    expect(console.warn).toBe(warn);
    expect(() => google({ apiKey: key, baseURL: "nowhere" })).toThrow();
    expect(console.warn).toBe(warn);
  });

  it.each([{ apikey: "x" }, { baseURL: "nowhere" }, { timeout: "soon" }])(
    "that are none are refused: %j",
    (options) => {
      expect(() => google({ apiKey: key, ...options } as never).text("t")).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }),
      );
    },
  );

  it.each(["", " ", 7 as never])("a model has a name: %j", (name) => {
    const { embedding, text, image } = google({ apiKey: key });
    for (const make of [embedding, text, image])
      expect(() => make(name)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("models of one key share a word that says nothing of it", () => {
    const [one, same, other] = [key, key, "another-0123456789abcdef"].map(
      (apiKey) => google({ apiKey }).text("t").credential,
    );
    expect(one).toBe(same);
    expect(one).not.toBe(other);
    expect(one).not.toContain(key.slice(0, 6));
  });
});

describe("without a key", () => {
  const warned = vi.fn();
  /** Of all tests here: each reason is said once in a process. */
  const warnings: string[] = [];
  beforeEach(() => {
    warned.mockClear();
    vi.spyOn(process, "emitWarning").mockImplementation(warned);
  });

  it.each([undefined, "", "your_google_api_key_here", "your_gemini_api_key_here"])(
    "answers are made up, always the same, and say so: %j",
    async (apiKey) => {
      const { embedding, text, image } = google({ apiKey });
      warnings.push(...warned.mock.calls.map(([warning]) => String(warning)));
      expect(warnings[0]).toContain("google answers with a mock: there is no API key");
      expect(new Set(warnings).size).toBe(warnings.length);
      const model = embedding("gemini-embedding-001", { dimensions: 128 });
      expect(model.isMock).toBe(true);
      const [first, again, other] = (await model.embed({ texts: ["Arma", "Arma", "else"] })).vectors;
      expect(first).toHaveLength(128);
      expect(first).toEqual(again);
      expect(first).not.toEqual(other);
      expect(await text("t").generate(ask())).toMatchObject({ isMock: true, text: expect.stringContaining("hello") });
      expect(await text("t").object({ ...ask(), schema: z.object({ a: z.string() }) })).toMatchObject({
        object: { a: "mock" },
      });
      expect((await image("gemini-3-pro-image").generate({ prompt: "x" })).images[0]?.mediaType).toBe("image/png");
    },
  );

  it("nothing is made up in production by accident, or where that was said", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(() => google()).toThrow(expect.objectContaining({ code: "MODEL_MOCK_REFUSED" }));
    expect(google({ mock: "allow-in-production" }).text("t").isMock).toBe(true);
    expect(google({ apiKey: key }).text("t").isMock).toBe(false);
    vi.stubEnv("NODE_ENV", "test");
    expect(google({ mock: "never" }).text("t").isMock).toBe(false);
    expect(google({ apiKey: key, mock: "always" }).text("t").isMock).toBe(true);
  });

  it("a server that is named by its address is asked, and a client is used", () => {
    expect(google({ baseURL: server.url }).text("t").isMock).toBe(false);
    const { models } = new GoogleGenAI3({ apiKey: key, vertexai: false });
    expect(google({ client: { models } }).text("t").isMock).toBe(false);
    expect(warned).not.toHaveBeenCalled();
  });
});
