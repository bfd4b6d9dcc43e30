import { unclassifiedFailures } from "@semel/ai/provider";
import type { EmbeddingModel, ModelCall, TextModel, TextPart, Usage } from "@semel/core";
import { VirtualClock } from "@semel/testing";
import OpenAI7 from "openai";
import OpenAI6 from "openai-6";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type OpenAiClient, openai } from "../src/index.ts";
import { answers, type Fault, type FaultServer, faultServer, streams } from "./fault-server.ts";

const key = "sk-canary-0123456789abcdefghij";
let server: FaultServer;
let unclassifiedBefore = 0;
beforeAll(async () => {
  server = await faultServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.asked.length = 0;
  unclassifiedBefore = unclassifiedFailures();
});
// Whatever is tested here has its line in the table.
afterEach(() => expect(unclassifiedFailures() - unclassifiedBefore).toBe(0));

const clients: readonly (readonly [string, () => OpenAiClient])[] = [
  ["openai 7.57", () => new OpenAI7({ apiKey: key, baseURL: server.url }) as unknown as OpenAiClient],
  ["openai 6.49", () => new OpenAI6({ apiKey: key, baseURL: server.url }) as unknown as OpenAiClient],
];

const floats = (...values: number[]): string => Buffer.from(Float32Array.from(values).buffer).toString("base64");
const vectors = (list: readonly { index?: number; embedding: unknown }[], tokens = 5) => ({
  object: "list",
  model: "e-1-exact",
  data: list,
  usage: { prompt_tokens: tokens, total_tokens: tokens },
});
const chat = (content: string | null, finish_reason: string | null = "stop", more: object = {}) => ({
  model: "t-1-exact",
  choices: [{ index: 0, message: { role: "assistant", content, ...more }, finish_reason }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
});
const piece = (content: string, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }],
});
const usagePiece = { choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } };
const problem = (code: string | null, message = "no", type = "invalid_request_error") => ({
  error: { message, type, code, param: null },
});
const ask = (text = "hello") => ({ messages: [{ role: "user", text } as const] });

describe.each(clients)("with %s", (_, client) => {
  let embedding: EmbeddingModel;
  let text: TextModel;
  let told: Usage[];
  let call: ModelCall;

  beforeEach(() => {
    const provider = openai({ client: client(), apiKey: key, timeout: "5s" });
    embedding = provider.embedding("e-1");
    text = provider.text("t-1");
    told = [];
    call = { onUsage: (usage) => told.push(usage), key: "the-key" };
  });

  const thrown = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const error = await work.then(
      (answer) => ({ answered: answer }),
      (error: Record<string, unknown>) => error,
    );
    // Whatever happens, nobody is shown the key, and the cost is told once.
    const shown = `${JSON.stringify(error)} ${String((error as { message?: string }).message)} ${(error as { stack?: string }).stack}`;
    expect(shown).not.toContain(key);
    expect(shown).not.toContain(key.slice(0, 12));
    return error;
  };
  const embed = (texts: readonly string[] = ["a", "b"]) => embedding.embed({ texts }, call);
  const collect = async (stream: AsyncIterable<TextPart>): Promise<TextPart[]> => {
    const parts: TextPart[] = [];
    for await (const part of stream) parts.push(part);
    return parts;
  };

  describe("embeddings", () => {
    it("come in the order of the texts, whatever order they come in, with usage and space", async () => {
      server.next(
        answers(
          vectors([
            { index: 1, embedding: floats(3, 4) },
            { index: 0, embedding: floats(1, 2) },
          ]),
        ),
      );
      expect(await embed()).toEqual({
        vectors: [Float32Array.from([1, 2]), Float32Array.from([3, 4])],
        space: "openai/e-1",
        provider: "openai",
        model: "e-1-exact",
        isMock: false,
        usage: { certainty: "actual", inputTokens: 5, outputTokens: 0 },
        requestId: "req-1",
      });
      expect(told).toEqual([{ certainty: "actual", inputTokens: 5, outputTokens: 0 }]);
      expect(server.asked[0]).toMatchObject({
        path: "/v1/embeddings",
        body: { model: "e-1", input: ["a", "b"] },
        headers: { authorization: `Bearer ${key}`, "idempotency-key": "the-key" },
      });
    });

    it("are right where a server answers with numbers although it was asked for base64", async () => {
      server.next(
        answers(
          vectors([
            { index: 0, embedding: [0.5, -1] },
            { index: 1, embedding: [2, 3] },
          ]),
        ),
      );
      expect((await embed()).vectors).toEqual([Float32Array.from([0.5, -1]), Float32Array.from([2, 3])]);
    });

    it.each([
      ["too few", vectors([{ index: 0, embedding: [1] }])],
      ["too many", vectors([0, 1, 2].map((index) => ({ index, embedding: [1] })))],
      [
        "two for one text",
        vectors([
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ]),
      ],
      [
        "one for no text",
        vectors([
          { index: 0, embedding: [1] },
          { index: 7, embedding: [1] },
        ]),
      ],
      [
        "of two lengths",
        vectors([
          { index: 0, embedding: [1] },
          { index: 1, embedding: [1, 2] },
        ]),
      ],
      [
        "empty",
        vectors([
          { index: 0, embedding: [] },
          { index: 1, embedding: [] },
        ]),
      ],
      [
        "half a float",
        vectors([
          { index: 0, embedding: "AAA=" },
          { index: 1, embedding: floats(1) },
        ]),
      ],
      [
        "no number",
        vectors([
          { index: 0, embedding: [1] },
          { index: 1, embedding: [null] },
        ]),
      ],
      [
        "NaN",
        vectors([
          { index: 0, embedding: floats(Number.NaN) },
          { index: 1, embedding: floats(1) },
        ]),
      ],
      [
        "all zeros",
        vectors([
          { index: 0, embedding: [0, 0] },
          { index: 1, embedding: [1, 2] },
        ]),
      ],
      ["none at all", { object: "list" }],
    ])("that are no answer are refused: %s", async (_, body) => {
      server.next(answers(body));
      expect(await thrown(embed())).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
      expect(told).toHaveLength(1);
      expect(told[0]?.certainty).not.toBe("unknown");
    });

    it.each([
      ["an object", {}],
      ["half a float", "AAA="],
      ["no base64", `${floats(1, 2)}<html>AA`],
      ["nothing", undefined],
    ])("that cannot be read are said to be none: %s", async (_, embedding) => {
      server.next(answers(vectors([{ index: 0, embedding }])));
      expect(await thrown(embed(["a"]))).toMatchObject({
        code: "MODEL_ANSWER_INVALID",
        message: expect.stringContaining("vector 0: expected numbers, got none"),
      });
    });

    it("have the length that was asked for, or are refused", async () => {
      const short = openai({ client: client() }).embedding("text-embedding-3-small", { dimensions: 2 });
      expect(short.space).toBe("openai/text-embedding-3-small/2");
      server.next(answers(vectors([{ index: 0, embedding: [1, 2, 3] }])));
      expect(await thrown(short.embed({ texts: ["a"] }))).toMatchObject({ code: "MODEL_ANSWER_INVALID" });
      expect(server.asked[0]?.body).toMatchObject({ dimensions: 2 });
      for (const dimensions of [0, 1.5, 4_000])
        expect(() => openai({ client: client() }).embedding("text-embedding-3-small", { dimensions })).toThrow(
          expect.objectContaining({ code: "OPTION_INVALID" }),
        );
      expect(() => openai({ client: client() }).embedding("text-embedding-ada-002", { dimensions: 2 })).toThrow(
        "one length",
      );
    });

    it.each([
      ["no texts", []],
      ["an empty one", ["a", ""]],
      ["white space", [" \n"]],
      ["no text", [7 as never]],
      ["too many", Array.from({ length: 2_049 }, () => "a")],
      ["too much", Array.from({ length: 60 }, () => "word ".repeat(6_000))],
    ])("are not asked for: %s", async (_, texts) => {
      expect(await thrown(embed(texts))).toMatchObject({ code: "MODEL_INPUT_INVALID", failureClass: "fail" });
      expect(server.asked).toEqual([]);
      expect(told).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
    });

    it("are not asked for where one text is too long", async () => {
      expect(await thrown(embed(["word ".repeat(8_000)]))).toMatchObject({ code: "MODEL_INPUT_TOO_LONG" });
      expect(server.asked).toEqual([]);
    });
  });

  describe("texts", () => {
    it("come with usage and why they end", async () => {
      server.next(answers(chat("hi")));
      expect(
        await text.generate(
          { messages: [{ role: "system", text: "Be brief." }, ...ask().messages], temperature: 0, stop: ["."] },
          call,
        ),
      ).toEqual({
        text: "hi",
        finish: "stop",
        provider: "openai",
        model: "t-1-exact",
        isMock: false,
        usage: { certainty: "actual", inputTokens: 11, outputTokens: 7 },
        requestId: "req-1",
      });
      expect(server.asked[0]?.body).toMatchObject({
        model: "t-1",
        max_tokens: 4_096,
        temperature: 0,
        stop: ["."],
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hello" },
        ],
      });
    });

    it.each([
      ["cut", chat("hi", "length"), "MODEL_OUTPUT_CUT"],
      ["filtered", chat("", "content_filter"), "MODEL_CONTENT_BLOCKED"],
      ["refused", chat(null, "stop", { refusal: "I cannot help with that." }), "MODEL_CONTENT_BLOCKED"],
      ["empty", chat(""), "MODEL_ANSWER_INVALID"],
      ["without an end", chat("hi", null), "MODEL_ANSWER_INVALID"],
      ["without choices", { choices: [] }, "MODEL_ANSWER_INVALID"],
    ])("that are no answer are refused, and paid for: %s", async (_, body, code) => {
      server.next(answers(body));
      expect(await thrown(text.generate(ask(), call))).toMatchObject({ code });
      expect(told).toHaveLength(1);
      expect(told[0]?.certainty).not.toBe("unknown");
    });

    it("that are cut are accepted where that was said", async () => {
      server.next(answers(chat("hi", "length")));
      expect(await text.generate({ ...ask(), onLength: "accept" })).toMatchObject({ text: "hi", finish: "length" });
    });

    it.each([
      ["no messages", { messages: [] }],
      ["an empty one", ask("")],
      ["white space", ask(" \n ")],
      ["the model's last", { messages: [{ role: "assistant", text: "x" } as const] }],
      ["a role there is not", { messages: [{ role: "tool" as never, text: "x" }] }],
      ["no tokens", { ...ask(), maxTokens: 0 }],
      ["too warm", { ...ask(), temperature: 3 }],
      ["too many stops", { ...ask(), stop: ["a", "b", "c", "d", "e"] }],
    ])("are not asked for: %s", async (_, request) => {
      expect(await thrown(text.generate(request, call))).toMatchObject({ code: "MODEL_INPUT_INVALID" });
      expect(server.asked).toEqual([]);
    });
  });

  describe("streams", () => {
    it("come in pieces, and end with the whole", async () => {
      server.next(streams([piece("Ar"), piece("ma", "stop"), usagePiece, "[DONE]"]));
      const parts = await collect(text.stream(ask(), call));
      expect(parts.map(({ text }) => text)).toEqual(["Ar", "ma", "Arma"]);
      expect(parts.at(-1)).toMatchObject({
        is: "end",
        finish: "stop",
        requestId: "req-1",
        usage: { certainty: "actual", outputTokens: 7 },
      });
      expect(told).toHaveLength(1);
      expect(server.asked[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    });

    it.each([
      ["without a reason to end", [piece("Arma virumque"), "[DONE]" as const], "MODEL_ANSWER_INVALID"],
      ["in the middle", [piece("Arma virumque"), undefined], "MODEL_FAILED"],
      ["with an error", [piece("Arma virumque"), problem(null, "overloaded", "server_error")], "MODEL_FAILED"],
      ["by its filter", [piece("Arma virumque", "content_filter"), "[DONE]" as const], "MODEL_CONTENT_BLOCKED"],
    ])("that end %s are no success, and are charged", async (_, events, code) => {
      server.next(streams(events));
      expect(await thrown(collect(text.stream(ask(), call)))).toMatchObject({ code });
      expect(told).toEqual([{ certainty: "estimated", inputTokens: 2, outputTokens: 4 }]);
    });

    it("that nobody reads to the end are charged as far as they came", async () => {
      server.next(streams([piece("Arma virumque"), "hang"]));
      for await (const part of text.stream(ask(), call)) if (part.is === "text") break;
      expect(told).toEqual([{ certainty: "estimated", inputTokens: 2, outputTokens: 4 }]);
    });
  });

  describe("data", () => {
    const schema = z.object({ people: z.array(z.string()), year: z.number() });

    it("comes as the schema says, which the model was shown", async () => {
      server.next(answers(chat('{"people":["Aeneas"],"year":-19}')));
      const answer = await text.object({ ...ask(), schema, name: "facts" }, call);
      expect(answer).toMatchObject({ object: { people: ["Aeneas"], year: -19 }, repairs: 0 });
      expect(server.asked[0]?.body).toMatchObject({
        response_format: {
          type: "json_schema",
          json_schema: { name: "facts", schema: { type: "object", required: ["people", "year"] } },
        },
      });
    });

    it("is asked for again with what is wrong, and both answers are paid for", async () => {
      let n = 0;
      server.next((response, request) =>
        answers(chat(n++ === 0 ? '```json\n{"people":"Aeneas","year":1}\n```' : '{"people":["Aeneas"],"year":1}'))(
          response,
          request,
        ),
      );
      expect(await text.object({ ...ask(), schema }, call)).toMatchObject({
        repairs: 1,
        usage: { certainty: "actual", inputTokens: 22, outputTokens: 14 },
      });
      expect(JSON.stringify(server.asked[1]?.body.messages)).toContain("people");
      expect(told).toHaveLength(1);
    });

    it("that never fits is told, with where and never with what", async () => {
      server.next(answers(chat('{"people":["SECRET-NAME"],"year":"SECRET-YEAR"}')));
      const error = await thrown(text.object({ ...ask(), schema, repairs: 0 }, call));
      expect(error).toMatchObject({
        code: "MODEL_OUTPUT_INVALID",
        failureClass: "fail",
        details: { issues: [expect.stringContaining("year")] },
      });
      expect(JSON.stringify(error)).not.toContain("SECRET");
    });

    it.each([
      ["no schema", { schema: {} as never }],
      ["a list at its root", { schema: z.array(z.string()) }],
      [
        "a schema that cannot say what it is",
        { schema: { "~standard": { version: 1, vendor: "x", validate: (value: unknown) => ({ value }) } } as never },
      ],
      ["too many repairs", { schema, repairs: 9 }],
      ["a name that is none", { schema, name: "a b" }],
    ])("is not asked for: %s", async (_, request) => {
      expect(await thrown(text.object({ ...ask(), ...request } as never, call))).toMatchObject({
        code: "MODEL_INPUT_INVALID",
      });
      expect(server.asked).toEqual([]);
    });
  });

  describe("failures", () => {
    const html: Fault = (response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html>captive portal</html>");
    };
    const table: readonly (readonly [string, Fault, object])[] = [
      ["400", answers(problem(null), 400), { code: "MODEL_REQUEST_REFUSED", failureClass: "fail", status: 400 }],
      [
        "401 that echoes the key",
        answers(problem("invalid_api_key", `Incorrect API key provided: ${key}.`), 401),
        { code: "MODEL_CREDENTIAL_REFUSED", failureClass: "fail" },
      ],
      [
        "401 that shows its ends",
        answers(problem("invalid_api_key", `Incorrect: ${key.slice(0, 12)}***${key.slice(-8)}`), 401),
        { code: "MODEL_CREDENTIAL_REFUSED" },
      ],
      ["402", answers(problem(null), 402), { code: "MODEL_QUOTA_SPENT", failureClass: "defer" }],
      ["403", answers(problem(null), 403), { code: "MODEL_REQUEST_REFUSED", failureClass: "fail" }],
      ["404", answers(problem("model_not_found"), 404), { code: "MODEL_UNKNOWN", failureClass: "fail" }],
      ["408", answers(problem(null), 408), { code: "MODEL_FAILED", failureClass: "retry", maxAttempts: undefined }],
      ["413", answers(problem(null), 413), { code: "MODEL_REQUEST_REFUSED", failureClass: "fail" }],
      [
        "too long",
        answers(problem("context_length_exceeded"), 400),
        { code: "MODEL_INPUT_TOO_LONG", failureClass: "fail" },
      ],
      [
        "blocked",
        answers(problem("content_policy_violation"), 400),
        { code: "MODEL_CONTENT_BLOCKED", failureClass: "fail" },
      ],
      [
        "429 with a hint",
        answers(problem("rate_limit_exceeded", "slow", "requests"), 429, { "retry-after": "20" }),
        { code: "MODEL_RATE_LIMITED", failureClass: "defer", retryAfterMs: 20_000 },
      ],
      [
        "429 in milliseconds",
        answers(problem(null), 429, { "retry-after-ms": "1500", "retry-after": "2" }),
        { retryAfterMs: 1_500 },
      ],
      ["429 for days", answers(problem(null), 429, { "retry-after": "999999" }), { retryAfterMs: 3_600_000 }],
      [
        "429 without a hint",
        answers(problem(null), 429),
        { code: "MODEL_RATE_LIMITED", failureClass: "defer", retryAfterMs: 5_000 },
      ],
      ["429 with nonsense", answers(problem(null), 429, { "retry-after": "soon" }), { retryAfterMs: 5_000 }],
      [
        "429 of a spent quota",
        answers(problem("insufficient_quota", "pay", "insufficient_quota"), 429, { "retry-after": "1" }),
        { code: "MODEL_QUOTA_SPENT", failureClass: "defer" },
      ],
      [
        "500",
        answers(problem(null, "oops", "server_error"), 500),
        { code: "MODEL_FAILED", failureClass: "retry", maxAttempts: 3 },
      ],
      [
        "502 of a proxy",
        answers("<html>bad gateway</html>", 502, { "content-type": "text/html" }),
        { code: "MODEL_FAILED", failureClass: "retry" },
      ],
      [
        "503 with a hint",
        answers(problem(null), 503, { "retry-after": "7" }),
        { code: "MODEL_BUSY", failureClass: "defer", retryAfterMs: 7_000 },
      ],
      ["529", answers(problem(null), 529), { code: "MODEL_BUSY", failureClass: "defer" }],
      [
        "200 with an error",
        answers(problem(null, "oops", "server_error")),
        { code: "MODEL_FAILED", failureClass: "retry" },
      ],
      ["200 with a spent quota", answers(problem("insufficient_quota")), { code: "MODEL_QUOTA_SPENT" }],
      [
        "200 with an unknown error",
        answers({ error: { message: "what" } }),
        { code: "MODEL_FAILED", failureClass: "retry" },
      ],
      ["200 with a page", html, { code: "MODEL_ANSWER_INVALID", maxAttempts: 2 }],
      [
        "200 with half of its JSON",
        answers('{"object":"list","da'),
        { code: "MODEL_ANSWER_INVALID", failureClass: "retry" },
      ],
      ["200 with nothing", answers(""), { code: "MODEL_ANSWER_INVALID", failureClass: "retry" }],
      [
        "a reset before the answer",
        (response) => response.destroy(),
        { code: "MODEL_UNREACHABLE", failureClass: "retry" },
      ],
      [
        "a reset within the answer",
        (response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
          response.write('{"object":', () => setImmediate(() => response.destroy()));
        },
        { code: "MODEL_FAILED", failureClass: "retry" },
      ],
    ];

    it.each(table)("%s, of embeddings", async (_, fault, expected) => {
      server.next(fault);
      expect(await thrown(embed())).toMatchObject(expected);
      expect(told).toHaveLength(1);
      // The job retries, not the client.
      expect(server.asked).toHaveLength(1);
    });

    it.each(table)("%s, of texts", async (_, fault, expected) => {
      server.next(fault);
      expect(await thrown(text.generate(ask(), call))).toMatchObject(expected);
      expect(server.asked).toHaveLength(1);
    });

    it.each(table.filter(([name]) => /^[45]/.test(name)))("%s, of streams", async (_, fault, expected) => {
      server.next(fault);
      expect(await thrown(collect(text.stream(ask(), call)))).toMatchObject(expected);
      expect(server.asked).toHaveLength(1);
    });

    it("nobody there: nothing was paid", async () => {
      const gone = await faultServer();
      await gone.stop();
      const lost = openai({ apiKey: key, baseURL: gone.url }).embedding("e-1");
      expect(await thrown(lost.embed({ texts: ["a"] }, call))).toMatchObject({
        code: "MODEL_UNREACHABLE",
        failureClass: "retry",
      });
      expect(told).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
    });
  });

  it("what the provider says of its limits is handed on, beside answers and refusals", async () => {
    const limits = vi.fn();
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "59",
      "x-ratelimit-reset-requests": "1m2.5s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "20ms",
    };
    const expected = { requests: { limit: 60, remaining: 59, resetMs: 62_500 }, tokens: { remaining: 0, resetMs: 20 } };
    server.next(answers(chat("hi"), 200, headers));
    await text.generate(ask(), { onLimits: limits });
    server.next(answers(problem(null), 429, { ...headers, "x-ratelimit-reset-tokens": "soon" }));
    await thrown(embedding.embed({ texts: ["a"] }, { onLimits: limits }));
    server.next(answers(chat("hi")));
    await text.generate(ask(), { onLimits: limits });
    expect(limits.mock.calls).toEqual([[expected], [{ requests: expected.requests }]]);
  });

  describe("time", () => {
    const trickles: Fault = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 5);
      response.once("close", () => clearInterval(drip));
    };

    it.each<readonly [string, Fault]>([
      ["never begins", () => {}],
      ["never ends", trickles],
    ])("an answer that %s is given up, at most twice more, and charged", async (_, fault) => {
      server.next(fault);
      expect(await thrown(embedding.embed({ texts: ["word word"] }, { ...call, timeout: "60ms" }))).toMatchObject({
        code: "MODEL_TIMEOUT",
        failureClass: "retry",
        maxAttempts: 3,
      });
      expect(told).toEqual([{ certainty: "estimated", inputTokens: 3, outputTokens: 0 }]);
    });

    it("a stream that falls silent is given up", async () => {
      const clock = new VirtualClock();
      const quiet = openai({ client: client(), idleTimeout: "10s", timeout: "10m", clock }).text("t-1");
      server.next(streams([piece("Arma"), "hang"]));
      const parts = quiet.stream(ask(), call)[Symbol.asyncIterator]();
      expect((await parts.next()).value).toMatchObject({ text: "Arma" });
      const next = thrown(parts.next());
      await clock.advance(11_000);
      expect(await next).toMatchObject({ code: "MODEL_TIMEOUT", message: expect.stringContaining("nothing came") });
    });

    it("one call that is ended leaves another alone", async () => {
      const responses: Parameters<Fault>[0][] = [];
      server.next((response) => void responses.push(response));
      const over = new AbortController();
      const ended = thrown(embedding.embed({ texts: ["a"] }, { signal: over.signal }));
      const other = embed();
      await vi.waitUntil(() => responses.length === 2);
      const closed = vi.fn();
      for (const response of responses) response.once("close", closed);
      over.abort(new Error("no longer wanted"));
      expect(await ended).toMatchObject({ message: "no longer wanted" });
      await vi.waitUntil(() => closed.mock.calls.length === 1);
      for (const response of responses.filter(({ destroyed }) => !destroyed))
        answers(
          vectors([
            { index: 0, embedding: [1] },
            { index: 1, embedding: [2] },
          ]),
        )(response, { path: "", body: {} });
      expect((await other).vectors).toHaveLength(2);
    });

    it("what is ended before it begins is not sent", async () => {
      const reason = new Error("too late");
      expect(await thrown(embedding.embed({ texts: ["a"] }, { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(server.asked).toEqual([]);
    });
  });

  describe("pictures", () => {
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    it("come as bytes, and are known by their first ones", async () => {
      server.next(answers({ data: [{ b64_json: png }], usage: { input_tokens: 4, output_tokens: 100 } }));
      const { images, usage } = await openai({ client: client() })
        .image("gpt-image-1")
        .generate({ prompt: "a ship", size: "1024x1024" });
      expect(images[0]?.mediaType).toBe("image/png");
      expect(usage).toEqual({ certainty: "actual", inputTokens: 4, outputTokens: 100 });
      expect(server.asked[0]?.body).toEqual({ model: "gpt-image-1", prompt: "a ship", n: 1, size: "1024x1024" });
    });

    it.each([
      ["none", { data: [] }],
      ["no picture", { data: [{ b64_json: Buffer.from("<html>").toString("base64") }] }],
      ["an address", { data: [{ url: "https://example.com/x.png" }] }],
    ])("that are none are refused: %s", async (_, body) => {
      server.next(answers(body));
      expect(await thrown(openai({ client: client() }).image("dall-e-3").generate({ prompt: "a ship" }))).toMatchObject(
        { code: "MODEL_ANSWER_INVALID" },
      );
      expect(server.asked[0]?.body).toMatchObject({ response_format: "b64_json" });
    });

    it.each([
      [{ prompt: " " }, "MODEL_INPUT_INVALID"],
      [{ prompt: "x", count: 0 }, "MODEL_INPUT_INVALID"],
      [{ prompt: "x", count: 2 }, "MODEL_UNSUPPORTED"],
      [{ prompt: "x", size: "big" as never }, "MODEL_INPUT_INVALID"],
    ])("are not asked for: %j", async (request, code) => {
      expect(await thrown(openai({ client: client() }).image("dall-e-3").generate(request))).toMatchObject({ code });
    });
  });
});

describe("without a key", () => {
  const warned = vi.fn();
  /** Of all tests here: each reason is said once in a process. */
  const warnings: string[] = [];
  beforeEach(() => {
    vi.spyOn(process, "emitWarning").mockImplementation(warned);
    warned.mockClear();
    vi.stubEnv("OPENAI_API_KEY", "");
  });

  it.each([undefined, "", "your_openai_api_key_here"])(
    "answers are made up, always the same, and say so: %j",
    async (apiKey) => {
      const { embedding, text, image } = openai({ apiKey });
      warnings.push(...warned.mock.calls.map(([warning]) => String(warning)));
      expect(warnings[0]).toContain("openai answers with a mock: there is no API key");
      expect(new Set(warnings).size).toBe(warnings.length);
      const model = embedding("text-embedding-3-small", { dimensions: 64 });
      expect(model.isMock).toBe(true);
      const [first, again, other] = (await model.embed({ texts: ["Arma virumque", "Arma virumque", "something else"] }))
        .vectors;
      expect(first).toEqual(again);
      expect(first).not.toEqual(other);
      expect(Math.hypot(...(first ?? []))).toBeCloseTo(1);
      expect(await text("t").generate(ask())).toMatchObject({
        isMock: true,
        text: expect.stringContaining("hello"),
        usage: { certainty: "actual" },
      });
      expect(
        await text("t").object({ ...ask(), schema: z.object({ a: z.string(), b: z.array(z.number()) }) }),
      ).toMatchObject({ object: { a: "mock", b: [] } });
      const parts: string[] = [];
      for await (const part of text("t").stream(ask())) parts.push(part.text);
      expect(parts.slice(0, -1).join("")).toBe(parts.at(-1));
      expect((await image("i").generate({ prompt: "x" })).images[0]?.mediaType).toBe("image/png");
    },
  );

  it("nothing is made up in production by accident", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(() => openai()).toThrow(expect.objectContaining({ code: "MODEL_MOCK_REFUSED" }));
    expect(openai({ mock: "allow-in-production" }).text("t").isMock).toBe(true);
    expect(openai({ apiKey: "sk-real-0123456789abcdef" }).text("t").isMock).toBe(false);
  });

  it("or at all, where that was said", async () => {
    expect(openai({ mock: "never", baseURL: server.url }).text("t").isMock).toBe(false);
    expect(openai({ apiKey: "sk-real-0123456789abcdef", mock: "always" }).text("t").isMock).toBe(true);
  });
});

it("models of one key share a word that says nothing of it", () => {
  const [one, same, other] = [key, key, "sk-another-0123456789abcdef"].map(
    (apiKey) => openai({ apiKey }).text("t").credential,
  );
  expect(one).toBe(same);
  expect(one).not.toBe(other);
  expect(one).not.toContain(key.slice(0, 6));
});

it("a server that is named by its address is asked, with a key or without", () => {
  vi.stubEnv("OPENAI_API_KEY", "");
  expect(openai({ baseURL: server.url }).text("t").isMock).toBe(false);
});

it("a key of white space is not sent", async () => {
  server.next(answers(chat("hi")));
  await openai({ apiKey: "  ", baseURL: server.url }).text("t").generate(ask());
  expect(server.asked[0]?.headers).toMatchObject({ authorization: "Bearer none" });
});

it.each([{ apikey: "x" }, { baseURL: "nowhere" }])("refuses options that are none: %j", (options) => {
  expect(() => openai({ apiKey: "sk-real-0123456789abcdef", ...options } as never).text("t")).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID" }),
  );
});
