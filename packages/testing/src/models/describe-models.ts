import { type Clock, type EmbeddingModel, ModelError, type TextModel, type TextPart, type Usage } from "@semel/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import type { DialectVector, ModelDialect } from "./model-dialect.ts";
import { modelFaults } from "./model-faults.ts";
import { hang, ModelServer, type Reply, raw, resetInside, status, trickle } from "./model-server.ts";

/** The models of one provider, pointed at the fault server. */
export interface ModelsUnderTest {
  readonly embedding?: EmbeddingModel | undefined;
  readonly text?: TextModel | undefined;
}

export interface ModelsSuite {
  /** The provider's name, for the report. */
  readonly name: string;
  readonly dialect: ModelDialect;
  /** Called for each test. The key must be used as the provider's, the clock for every deadline. */
  readonly create: (at: { readonly url: string; readonly apiKey: string; readonly clock: Clock }) => ModelsUnderTest;
}

/** It must never be seen again, wherever a provider repeats it; of no shape that would give it away as a key. */
const canary = "canary7f3a9b1c5d2e8f40";
const minute = 60_000;

/**
 * Holds a provider's adapter to what every model of Semel's promises, over real HTTP against a server that misbehaves.
 *
 * ```ts
 * describeModels({ name: "MyProvider", dialect, create: ({ url, apiKey, clock }) => ({ text: myProvider({ url, apiKey, clock }).text("m") }) });
 * ```
 */
export function describeModels(suite: ModelsSuite): void {
  const { dialect } = suite;
  let server: ModelServer;

  beforeAll(async () => {
    server = await ModelServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const models = (clock: VirtualClock = new VirtualClock()): ModelsUnderTest =>
    suite.create({ url: server.url, apiKey: canary, clock });
  const caught = async (call: Promise<unknown>): Promise<ModelError> => {
    const error = await call.then(
      (value) => Promise.reject(new Error(`expected a failure, got ${JSON.stringify(value)}`)),
      (thrown: unknown) => thrown,
    );
    if (!ModelError.isInstance(error)) throw error;
    const shown = JSON.stringify([error, error.message, error.stack, String(error.cause)]);
    expect(shown).not.toContain(canary);
    return error;
  };
  const ask = { messages: [{ role: "user", text: "Hello" }] } as const;

  describe(suite.name, () => {
    for (const kind of ["embedding", "text"] as const) {
      if (!(kind === "embedding" ? dialect.embeddings : dialect.text)) continue;
      const call = (on: ModelsUnderTest, options: Parameters<TextModel["generate"]>[1] = {}): Promise<unknown> =>
        kind === "embedding"
          ? (on.embedding as EmbeddingModel).embed({ texts: ["Hello"] }, options)
          : (on.text as TextModel).generate(ask, options);

      describe(`${kind}: failures`, () => {
        for (const fault of modelFaults(dialect)) {
          test(`${fault.name} is ${fault.code}, ${fault.failureClass}`, async () => {
            server.replyWith(fault.reply);
            const told: Usage[] = [];
            const error = await caught(call(models(), { onUsage: (usage) => told.push(usage) }));
            expect({ code: error.code, failureClass: error.failureClass }).toEqual({
              code: fault.code,
              failureClass: fault.failureClass,
            });
            if (fault.retryAfterMs !== undefined) expect(error.retryAfterMs).toBe(fault.retryAfterMs);
            expect(told).toEqual([error.usage]);
            expect(server.requests).toHaveLength(1);
          });
        }

        test("a key that the provider repeats is not seen", async () => {
          const message = `Incorrect API key provided: ${canary}, at https://host/v1?key=${canary}`;
          server.replyWith(
            status(401, dialect.error({ status: 401, code: "invalid_api_key", message }), { "x-echo": canary }),
          );
          const error = await caught(call(models()));
          expect(error.code).toBe("MODEL_CREDENTIAL_REFUSED");
        });

        test("an error under 200 is no answer", async () => {
          server.replyWith(
            status(200, dialect.error({ status: 500, code: undefined, message: "the model fell over" })),
          );
          const error = await caught(call(models()));
          expect(["MODEL_FAILED", "MODEL_ANSWER_INVALID"]).toContain(error.code);
          expect(error.failureClass).toBe("retry");
        });

        for (const [what, reply] of [
          ["no answer", hang],
          ["a body that trickles", trickle('{"object":')],
        ] as const) {
          test(`${what} is MODEL_TIMEOUT when the deadline is over`, async () => {
            server.replyWith(reply);
            const clock = new VirtualClock();
            const { arrival } = server;
            const failure = caught(call(models(clock), { timeout: "10s" }));
            const request = await arrival;
            await clock.advance(10_000);
            expect(await failure).toMatchObject({ code: "MODEL_TIMEOUT", failureClass: "retry", maxAttempts: 3 });
            await request.left;
          });
        }

        test("to end one call ends that one alone", async () => {
          const held: (() => void)[] = [];
          server.replyWith((response, request) => {
            held.push(() => good(kind)(response, request));
          });
          const on = models();
          const first = server.arrival;
          const reason = new Error("no longer wanted");
          const control = new AbortController();
          const ended = call(on, { signal: control.signal });
          const request = await first;
          const second = server.arrival;
          const other = call(on);
          await second;
          control.abort(reason);
          await expect(ended).rejects.toBe(reason);
          await request.left;
          held[1]?.();
          expect(await other).toMatchObject({ isMock: false });
        });

        test("a call that was ended before it began sends nothing", async () => {
          server.replyWith(hang);
          const reason = new Error("no longer wanted");
          const told: Usage[] = [];
          const signal = AbortSignal.abort(reason);
          await expect(call(models(), { signal, onUsage: (usage) => told.push(usage) })).rejects.toBe(reason);
          expect(told).toEqual([{ certainty: "actual", inputTokens: 0, outputTokens: 0 }]);
          expect(server.requests).toHaveLength(0);
        });
      });
    }

    const vector = (index: number, values: readonly number[] = [index + 1, 0.5, -0.25]): DialectVector => ({
      index,
      values,
    });
    const good = (kind: "embedding" | "text"): Reply =>
      kind === "embedding"
        ? status(200, dialect.embeddings?.([vector(0)]))
        : status(200, dialect.text?.({ text: "Good day", finish: "stop" }));

    if (dialect.embeddings) {
      describe("embedding", () => {
        const embed = (texts: readonly string[], vectors: readonly DialectVector[]) => {
          server.replyWith(status(200, dialect.embeddings?.(vectors)));
          return (models().embedding as EmbeddingModel).embed({ texts });
        };

        test("vectors are right to the last bit of a 32-bit float", async () => {
          const values = [0.1, -2.5, 3.25];
          const { vectors } = await embed(["a"], [vector(0, values)]);
          expect(vectors).toEqual([Float32Array.from(values)]);
        });

        if (dialect.hasIndexes)
          test("vectors that come in another order are put in the order of the texts", async () => {
            const { vectors } = await embed(["a", "b", "c"], [vector(2), vector(0), vector(1)]);
            expect(vectors.map(([head]) => head)).toEqual([1, 2, 3]);
          });

        for (const [what, vectors] of [
          ["too few vectors", [vector(0)]],
          ["too many vectors", [vector(0), vector(1), vector(2)]],
          ["vectors of two lengths", [vector(0), vector(1, [1, 2])]],
          ["a vector of nothing", [vector(0), vector(1, [])]],
          ["a vector of zeros", [vector(0), vector(1, [0, 0, 0])]],
          ["a vector with what is no number", [vector(0), vector(1, [1, Number.NaN, 1])]],
          ...(dialect.hasIndexes ? ([["an index twice", [vector(0), vector(0)]]] as const) : []),
        ] as const) {
          test(`${what}: MODEL_ANSWER_INVALID`, async () => {
            const error = await caught(embed(["a", "b"], vectors));
            expect(error).toMatchObject({ code: "MODEL_ANSWER_INVALID", failureClass: "retry" });
          });
        }

        for (const [what, texts, code] of [
          ["no texts", [], "MODEL_INPUT_INVALID"],
          ["an empty text", ["a", ""], "MODEL_INPUT_INVALID"],
          ["a text of white space", [" \n\t"], "MODEL_INPUT_INVALID"],
          ["a text that is none", [7 as never], "MODEL_INPUT_INVALID"],
          ["a text that is too long", ["wort ".repeat(200_000)], "MODEL_INPUT_TOO_LONG"],
        ] as const) {
          test(`${what} is ${code}, and nothing is sent`, async () => {
            expect(await caught(embed(texts, []))).toMatchObject({ code, failureClass: "fail" });
            expect(server.requests).toHaveLength(0);
          });
        }
      });
    }

    if (dialect.text) {
      describe("text", () => {
        const generate = (answer: Parameters<NonNullable<ModelDialect["text"]>>[0], request = {}) => {
          server.replyWith(status(200, dialect.text?.(answer)));
          return (models().text as TextModel).generate({ ...ask, ...request });
        };

        test("a text with its usage", async () => {
          expect(await generate({ text: "Good day", finish: "stop" })).toMatchObject({
            text: "Good day",
            finish: "stop",
            usage: { certainty: "actual", inputTokens: 5, outputTokens: 3 },
          });
        });

        test("an answer that is cut fails, or is accepted where that was asked for", async () => {
          const cut = { text: "Good", finish: "length" } as const;
          expect(await caught(generate(cut))).toMatchObject({ code: "MODEL_OUTPUT_CUT", failureClass: "fail" });
          expect(await generate(cut, { onLength: "accept" })).toMatchObject({ text: "Good", finish: "length" });
        });

        for (const [what, answer, code] of [
          ["without its end", { text: "Good", finish: undefined }, "MODEL_ANSWER_INVALID"],
          ["that is empty", { text: "", finish: "stop" }, "MODEL_ANSWER_INVALID"],
          ["that is blocked", { text: "", finish: "blocked" }, "MODEL_CONTENT_BLOCKED"],
        ] as const)
          test(`an answer ${what} is ${code}`, async () => {
            expect(await caught(generate(answer))).toMatchObject({ code });
          });

        for (const [what, request] of [
          ["no messages", { messages: [] }],
          ["an empty message", { messages: [{ role: "user", text: "" }] }],
          ["a message of white space", { messages: [{ role: "user", text: " \n" }] }],
          ["a role that is none", { messages: [{ role: "tool", text: "x" }] }],
          ["the model's message last", { messages: [...ask.messages, { role: "assistant", text: "x" }] }],
          ["no room for an answer", { maxTokens: 0 }],
          ["a temperature out of range", { temperature: 3 }],
        ] as const)
          test(`${what}: MODEL_INPUT_INVALID, and nothing is sent`, async () => {
            const failure = caught(generate({ text: "x", finish: "stop" }, request));
            expect(await failure).toMatchObject({ code: "MODEL_INPUT_INVALID", failureClass: "fail" });
            expect(server.requests).toHaveLength(0);
          });
      });

      describe("object", () => {
        const schema = {
          "~standard": {
            version: 1 as const,
            vendor: "semel",
            validate: (value: unknown) =>
              typeof (value as { name?: unknown } | null)?.name === "string"
                ? { value: value as { name: string } }
                : { issues: [{ message: "expected a text", path: ["name"] }] },
          },
        };
        const jsonSchema = {
          type: "object",
          properties: { name: { type: "string" } },
          required: ["name"],
          additionalProperties: false,
        };
        const object = (
          texts: readonly string[],
          request: object = { jsonSchema },
          onUsage?: (usage: Usage) => void,
        ) => {
          const left = [...texts];
          server.replyWith((response, incoming) =>
            status(200, dialect.text?.({ text: left.shift() ?? "", finish: "stop" }))(response, incoming),
          );
          return (models().text as TextModel).object({ ...ask, schema, ...request }, { onUsage });
        };

        test("data that fits", async () => {
          expect(await object(['{"name":"Ada"}'])).toMatchObject({ object: { name: "Ada" }, repairs: 0 });
        });

        test("data that does not is repaired, and every try is paid for", async () => {
          const answer = await object(['{"name":7}', '{"name":"Ada"}']);
          expect(answer).toMatchObject({
            object: { name: "Ada" },
            repairs: 1,
            usage: { inputTokens: 10, outputTokens: 6 },
          });
        });

        test("a model that ignores the schema is MODEL_OUTPUT_INVALID when the repairs are spent", async () => {
          const told: Usage[] = [];
          const failure = object(["no", "no"], { jsonSchema }, (usage) => told.push(usage));
          expect(await caught(failure)).toMatchObject({ code: "MODEL_OUTPUT_INVALID", failureClass: "fail" });
          expect(told).toMatchObject([{ inputTokens: 10, outputTokens: 6 }]);
        });

        test("a schema that cannot be shown to the model is MODEL_INPUT_INVALID, and nothing is sent", async () => {
          expect(await caught(object([], {}))).toMatchObject({ code: "MODEL_INPUT_INVALID" });
          expect(await caught(object([], { jsonSchema: { type: "string" } }))).toMatchObject({
            code: "MODEL_INPUT_INVALID",
          });
          expect(server.requests).toHaveLength(0);
        });
      });
    }

    const { stream: framesOf, streamError, streamType: type = "text/event-stream" } = dialect;
    if (framesOf) {
      describe("stream", () => {
        const parts = async (reply: Reply, clock?: VirtualClock, onPart: (part: TextPart) => void = () => {}) => {
          server.replyWith(reply);
          const told: Usage[] = [];
          const all: TextPart[] = [];
          const call = { timeout: "10m", onUsage: (usage: Usage) => told.push(usage) } as const;
          const end = (async () => {
            for await (const part of (models(clock).text as TextModel).stream(ask, call)) {
              all.push(part);
              onPart(part);
            }
          })();
          const error = await end.then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          return { all, told, error };
        };

        test("the pieces, and at last the whole with its usage", async () => {
          const { all, told, error } = await parts(raw(framesOf(["Good ", "day"], "stop").join(""), type));
          expect(error).toBeUndefined();
          expect(all.filter((part) => part.is === "text").map(({ text }) => text)).toEqual(["Good ", "day"]);
          expect(all.at(-1)).toMatchObject({ is: "end", text: "Good day", finish: "stop" });
          expect(told).toEqual([{ certainty: "actual", inputTokens: 5, outputTokens: 3 }]);
        });

        const start = framesOf(["Good ", "day"], undefined).join("");
        for (const [what, reply] of [
          ["that ends before it says that it is done", raw(start, type)],
          ["that is reset", resetInside(start, type)],
          ...(streamError
            ? ([
                [
                  "with an error in it",
                  raw(start + streamError({ status: 500, code: undefined, message: "fell over" }), type),
                ],
              ] as const)
            : []),
        ] as const)
          test(`a stream ${what} fails, and is charged by estimate`, async () => {
            const { all, told, error } = await parts(reply);
            expect(error).toMatchObject({ failureClass: "retry" });
            expect(["MODEL_FAILED", "MODEL_ANSWER_INVALID"]).toContain((error as ModelError).code);
            expect(all.some((part) => part.is === "end")).toBe(false);
            expect(told).toMatchObject([{ certainty: "estimated" }]);
            expect((told[0] as { inputTokens: number }).inputTokens).toBeGreaterThan(0);
          });

        test("a stream that falls silent is MODEL_TIMEOUT", async () => {
          const clock = new VirtualClock();
          const came = Promise.withResolvers<void>();
          const ended = parts(trickle(start, type), clock, ({ is }) => is === "text" && came.resolve());
          await came.promise;
          await clock.advance(minute);
          expect(await ended).toMatchObject({ error: { code: "MODEL_TIMEOUT" }, told: [{ certainty: "estimated" }] });
        });

        test("whoever stops iterating ends the request, and pays for what came", async () => {
          server.replyWith(trickle(start, type));
          const told: Usage[] = [];
          const stream = (models().text as TextModel).stream(ask, { onUsage: (usage) => told.push(usage) });
          for await (const _ of stream) break;
          await server.requests[0]?.left;
          expect(told).toMatchObject([{ certainty: "estimated" }]);
        });
      });
    }
  });
}
