import type { ModelErrorOptions } from "@semel/core";
import { VirtualClock } from "@semel/testing";
import { ModelServer, type Reply, raw, resetInside, status } from "@semel/testing/models";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ollama } from "../src/index.ts";
import { all, ask, failureOf, nothingIsPrintedOrUnknown, shown } from "./shared.ts";

nothingIsPrintedOrUnknown();

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const ndjson = "application/x-ndjson";
const line = (data: object): string => `${JSON.stringify({ model: "m:latest", ...data })}\n`;
const said = (content: string, thinking?: string): string =>
  line({ message: { role: "assistant", content, ...(thinking && { thinking }) }, done: false });
const done = (done_reason?: string): string =>
  line({ message: { content: "" }, done: true, done_reason, prompt_eval_count: 11, eval_count: 7 });
const lines = (...text: readonly string[]): Reply => raw(text.join(""), ndjson);
const provider = (options = {}) => ollama({ host: server.url, ...options });
const text = () => provider().text("m");
const embedding = () => provider().embedding("e");
const body = (): unknown => server.requests[0]?.body;

describe("embeddings", () => {
  it("are asked for so that nothing is cut, and come in order, with usage and space", async () => {
    server.replyWith(
      status(200, {
        model: "e:latest",
        embeddings: [
          [1, 2],
          [3, 4],
        ],
        prompt_eval_count: 5,
      }),
    );
    expect(await embedding().embed({ texts: ["a", "b"] })).toMatchObject({
      vectors: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
      ...{ space: "ollama/e", provider: "ollama", model: "e:latest", isMock: false },
      usage: { certainty: "actual", inputTokens: 5, outputTokens: 0 },
    });
    expect(server.requests[0]).toMatchObject({ path: "/api/embed" });
    expect(body()).toEqual({ model: "e", input: ["a", "b"], truncate: false });
  });

  it("are asked for as the options say", async () => {
    server.replyWith(status(200, { embeddings: [[1, 2]] }));
    const options = { dimensions: 2, contextTokens: 8_192, keepAlive: "7d" } as const;
    const model = provider().embedding("e", options);
    expect(model.limits.maxItemTokens).toBe(8_192);
    await model.embed({ texts: ["a"] });
    expect(body()).toMatchObject({ dimensions: 2, keep_alive: "604800000ms", options: { num_ctx: 8_192 } });
  });

  it("have the length and the space of their model, where it is known, by whichever name", () => {
    const { embedding } = provider();
    const facts = (name: string, options = {}) => {
      const { space, dimensions, limits } = embedding(name, options);
      return [space, dimensions, limits.maxItemTokens];
    };
    expect(facts("nomic-embed-text")).toEqual(["ollama/nomic-embed-text/768", 768, 2_048]);
    expect(facts("library/nomic-embed-text:latest")).toEqual(["ollama/nomic-embed-text/768", 768, 2_048]);
    expect(facts("nomic-embed-text", { dimensions: 256 })).toEqual(["ollama/nomic-embed-text/256", 256, 2_048]);
    expect(facts("all-minilm", { dimensions: 384 })).toEqual(["ollama/all-minilm/384", 384, 512]);
    expect(facts("bge-m3", { space: "mine" })).toEqual(["mine", 1_024, 8_192]);
    expect(facts("of-mine:2b")).toEqual(["ollama/of-mine:2b", undefined, 32_768]);
    expect(facts("constructor")).toEqual(["ollama/constructor", undefined, 32_768]);
    for (const [name, dimensions] of [
      ["all-minilm", 128],
      ["nomic-embed-text", 769],
      ["of-mine", 0.5],
    ] as const)
      expect(() => embedding(name, { dimensions })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("keep what fits into one text within what fits into a request", () => {
    const { limits } = provider().embedding("e", { contextTokens: 200_000 });
    expect(limits.maxTokens).toBe(200_000);
  });
});

describe("texts", () => {
  it("are asked for as a stream, of which nothing is dropped", async () => {
    server.replyWith(lines(said("Good "), said("day"), done("stop")));
    const model = provider().text("m", { contextTokens: 8_000, keepAlive: "forever", think: "low" });
    const messages = [
      { role: "system", text: "Be kind" },
      { role: "user", text: "Hello" },
    ] as const;
    expect(await model.generate({ messages, maxTokens: 9, temperature: 0.5, stop: ["."] })).toMatchObject({
      ...{ text: "Good day", finish: "stop", model: "m:latest" },
      usage: { certainty: "actual", inputTokens: 11, outputTokens: 7 },
    });
    expect(server.requests[0]).toMatchObject({ path: "/api/chat" });
    expect(body()).toEqual({
      ...{ model: "m", stream: true, truncate: false, shift: false, think: "low", keep_alive: -1 },
      messages: [
        { role: "system", content: "Be kind" },
        { role: "user", content: "Hello" },
      ],
      options: { num_predict: 9, temperature: 0.5, stop: ["."], num_ctx: 8_000 },
    });
  });

  it("say no more than was asked", async () => {
    server.replyWith(lines(said("Good day"), done("stop")));
    await text().generate({ ...ask(), stop: [] });
    expect(body()).toEqual({
      ...{ model: "m", stream: true, truncate: false, shift: false },
      messages: [{ role: "user", content: "hello" }],
      options: { num_predict: 4_096 },
    });
  });

  it("what will not fit is not sent", async () => {
    server.replyWith(lines(said("x"), done("stop")));
    const model = provider().text("m", { contextTokens: 100 });
    expect(await failureOf(model.generate(ask()))).toMatchObject({ code: "MODEL_INPUT_TOO_LONG" });
    expect(server.requests).toEqual([]);
  });

  it("data is held to its schema", async () => {
    server.replyWith(lines(said('{"year":'), said(" -19}"), done("stop")));
    const schema = z.object({ year: z.number() });
    expect(await text().object({ ...ask(), schema })).toMatchObject({ object: { year: -19 } });
    expect(body()).toMatchObject({ format: { type: "object", properties: { year: { type: "number" } } } });
  });

  it("what a model thinks is no part of its answer", async () => {
    server.replyWith(lines(said("", "The user greets"), said("Good day"), done("stop")));
    expect(await text().generate(ask())).toMatchObject({ text: "Good day" });
    const parts = await all(text().stream(ask()));
    expect(parts.filter(({ is }) => is === "text")).toEqual([{ is: "text", text: "Good day" }]);
  });

  it.each([
    ["thinks only", lines(said("", "Hm"), done("stop")), "MODEL_ANSWER_INVALID"],
    ["thinks until its tokens are spent", lines(said("", "Hm"), done("length")), "MODEL_OUTPUT_CUT"],
    ["is only loaded", lines(said("x"), done("load")), "MODEL_ANSWER_INVALID"],
    ["is unloaded", lines(said("x"), done("unload")), "MODEL_ANSWER_INVALID"],
    ["ends before it is done", lines(said("x")), "MODEL_ANSWER_INVALID"],
    ["says nothing at all", lines(""), "MODEL_ANSWER_INVALID"],
    ["sends a line that is none", lines(said("x"), "canary-content\n", done("stop")), "MODEL_ANSWER_INVALID"],
    ["sends half a line", lines(said("x"), '{"message":{"content":"canary'), "MODEL_ANSWER_INVALID"],
    ["sends a number", lines(said("x"), "7\n", done("stop")), "MODEL_ANSWER_INVALID"],
    ["sends a page", raw("<html>Sign in</html>", "text/html"), "MODEL_ANSWER_INVALID"],
  ] as const)("a model that %s has not answered", async (_, reply, code) => {
    server.replyWith(reply);
    expect(await failureOf(text().generate(ask()))).toMatchObject({ code });
    const error = await failureOf(all(text().stream(ask())));
    expect(error).toMatchObject({ code });
    expect(shown(error)).not.toContain("canary");
  });

  it("an old server that does not say why it is done is done", async () => {
    server.replyWith(lines(said("Good day"), done()));
    expect(await text().generate(ask())).toMatchObject({ finish: "stop" });
  });

  it("thoughts count where an answer breaks off", async () => {
    server.replyWith(resetInside(said("", "x".repeat(400)) + said("y".repeat(40)), ndjson));
    const told = vi.fn();
    await failureOf(all(text().stream(ask(), { onUsage: told })));
    expect(told.mock.calls).toEqual([[{ certainty: "estimated", inputTokens: 2, outputTokens: 110 }]]);
  });

  it("are right wherever their bytes are cut", async () => {
    const bytes = new TextEncoder().encode(said("Grüße, ") + said("世界") + done("stop"));
    const cut = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
    const model = provider({ fetch: async () => new Response(cut) }).text("m");
    expect(await model.generate(ask())).toMatchObject({ text: "Grüße, 世界" });
  });

  it("answers one after the other share a connection", async () => {
    const ports: (number | undefined)[] = [];
    server.replyWith((response) => {
      ports.push(response.socket?.remotePort);
      response.writeHead(200, { "content-type": ndjson });
      response.write(said("x") + done("stop"), () => setImmediate(() => response.end()));
    });
    for (let n = 0; n < 4; n++) {
      await text().generate(ask());
      await server.requests[n]?.left;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(ports).size).toBe(1);
  });
});

describe("what Ollama says in words", () => {
  type Row = readonly [
    status: number,
    message: string,
    means: { code: string } & Partial<
      Pick<ModelErrorOptions, "failureClass" | "maxAttempts" | "retryAfterMs" | "providerCode">
    >,
  ];
  const tooLong = { code: "MODEL_INPUT_TOO_LONG", failureClass: "fail" } as const;
  const fell = { code: "MODEL_FAILED", failureClass: "retry", maxAttempts: 3 } as const;
  const rows: readonly Row[] = [
    [404, "model 'm' not found", { code: "MODEL_UNKNOWN", failureClass: "fail" }],
    [404, 'model "m" not found, try pulling it first', { code: "MODEL_UNKNOWN", failureClass: "fail" }],
    [400, "the input length exceeds the context length", tooLong],
    [400, "input length exceeds maximum context length", tooLong],
    [400, "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", tooLong],
    [500, "input (900 tokens) is too large to process. increase the physical batch size", tooLong],
    [500, "prompt too long; exceeded max context length by 4 tokens", tooLong],
    [
      500,
      "model requires more system memory (9.9 GiB) than is available (7.6 GiB)",
      { code: "MODEL_UNSUPPORTED", failureClass: "fail", providerCode: "insufficient_memory" },
    ],
    [
      503,
      "server busy, please try again.  maximum pending requests exceeded",
      { code: "MODEL_BUSY", failureClass: "defer", retryAfterMs: 5_000 },
    ],
    [500, "llama runner process has terminated: exit status 2", fell],
    [500, "model runner has unexpectedly stopped, this may be due to resource limitations", fell],
    [499, "request canceled", { code: "MODEL_FAILED", failureClass: "retry" }],
    [500, "error loading model: /models/blobs/a not found", fell],
    [400, '"m" does not support chat', { code: "MODEL_REQUEST_REFUSED", failureClass: "fail" }],
    [401, "unauthorized", { code: "MODEL_CREDENTIAL_REFUSED", failureClass: "fail" }],
  ];

  it.each(rows)("%i %s", async (code, message, means) => {
    server.replyWith(status(code, { error: message }));
    for (const call of [
      embedding().embed({ texts: ["a"] }),
      text().generate(ask()),
      all(text().stream(ask())),
      text().object({ ...ask(), schema: z.object({ a: z.string() }) }),
    ])
      expect(await failureOf(call)).toMatchObject({ ...means, usage: means === fell ? {} : expect.anything() });
    expect(server.requests).toHaveLength(4);
  });

  // Within a stream there is no status any more: the words have to do.
  it.each(rows.filter(([, message]) => !/does not support|unauthorized|loading/.test(message)))(
    "within a stream, %i %s",
    async (_, message, means) => {
      server.replyWith(lines(said("x"), line({ error: message })));
      const told = vi.fn();
      const error = await failureOf(all(text().stream(ask(), { onUsage: told })));
      const { code, failureClass, maxAttempts } = means;
      expect(error).toMatchObject({ code, failureClass, ...(maxAttempts !== undefined && { maxAttempts }) });
      expect(told).toHaveBeenCalledTimes(1);
    },
  );

  it.each([
    [
      "of embeddings, the end of the runner comes as if the request were wrong",
      400,
      'do embedding request: Post "http://127.0.0.1:40001/embedding": EOF',
      fell,
    ],
    [
      "a vector that is none is a bad answer",
      400,
      "embedding contains NaN or Inf values",
      { code: "MODEL_ANSWER_INVALID", failureClass: "retry" },
    ],
    [
      "of embeddings, a request that is wrong stays wrong",
      400,
      "invalid input type",
      { code: "MODEL_REQUEST_REFUSED", failureClass: "fail" },
    ],
    ["another path is no missing model", 404, "404 page not found", { code: "MODEL_UNKNOWN", status: 404 }],
    [
      "an error may be an object, as compatible servers have it",
      400,
      { message: "the input length exceeds the context length" },
      tooLong,
    ],
  ] as const)("%s", async (_, code, error, means) => {
    server.replyWith(status(code, { error }));
    expect(await failureOf(embedding().embed({ texts: ["a"] }))).toMatchObject(means);
  });

  it("hints of headers are heeded, which the client would lose", async () => {
    const limits = vi.fn();
    const headers = { "retry-after": "7", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "7s" };
    server.replyWith(status(503, { error: "server busy" }, headers));
    expect(await failureOf(text().generate(ask(), { onLimits: limits }))).toMatchObject({
      ...{ code: "MODEL_BUSY", retryAfterMs: 7_000, requestId: "req_1" },
    });
    expect(limits.mock.calls).toEqual([[{ requests: { remaining: 0, resetMs: 7_000 } }]]);
    server.replyWith(status(200, { embeddings: [[1]] }, headers));
    await embedding().embed({ texts: ["a"] }, { onLimits: limits });
    expect(limits).toHaveBeenCalledTimes(2);
  });

  it("the words of an error that is an object are its message", async () => {
    server.replyWith(status(400, { error: { message: "invalid input type", type: "api_error" } }));
    expect((await failureOf(embedding().embed({ texts: ["a"] }))).message).toBe("ollama e: invalid input type");
  });

  it("a text in place of JSON is the reason, however long it is, and nobody prints it", async () => {
    server.replyWith((response) => response.writeHead(502, { "content-type": "text/plain" }).end("x".repeat(100_000)));
    const error = await failureOf(text().generate(ask()));
    expect(error).toMatchObject({ code: "MODEL_FAILED", status: 502 });
    expect(error.message.length).toBeLessThan(3_000);
  });
});

it("a redirect is not followed: nobody has said that the prompt may go there", async () => {
  await using other = await ModelServer.start();
  other.replyWith(lines(said("x"), done("stop")));
  server.replyWith((response) => response.writeHead(307, { location: `${other.url}/api/chat` }).end());
  expect(await failureOf(text().generate(ask("secret plans")))).toMatchObject({
    code: "MODEL_ANSWER_INVALID",
    message: expect.stringContaining("redirects"),
  });
  expect(other.requests).toEqual([]);
});

it("to end one stream ends that one alone", async () => {
  const one = text();
  const open: ((piece: string) => void)[] = [];
  server.replyWith((response) => {
    response.writeHead(200, { "content-type": ndjson });
    response.write(said("a"));
    open.push((piece) => response.write(piece));
  });
  const first = one.stream(ask())[Symbol.asyncIterator]();
  await first.next();
  const over = new AbortController();
  const reason = new Error("no longer wanted");
  const second = one.stream(ask(), { signal: over.signal })[Symbol.asyncIterator]();
  await second.next();
  over.abort(reason);
  await expect(second.next()).rejects.toBe(reason);
  await server.requests[1]?.left;
  open[0]?.(said("b") + done("stop"));
  expect((await first.next()).value).toEqual({ is: "text", text: "b" });
  expect((await first.next()).value).toMatchObject({ is: "end", text: "ab" });
});

it("a model may take its time to load, but not for ever", async () => {
  const clock = new VirtualClock();
  server.replyWith(() => {});
  const { arrival } = server;
  const model = provider({ clock, timeout: "1h" }).text("m");
  const failed = failureOf(all(model.stream(ask())));
  await arrival;
  await clock.advance(119_000);
  const state = await Promise.race([failed, Promise.resolve("waits")]);
  expect(state).toBe("waits");
  await clock.advance(1_000);
  expect(await failed).toMatchObject({ code: "MODEL_TIMEOUT" });
});
