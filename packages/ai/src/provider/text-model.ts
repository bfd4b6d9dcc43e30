import type {
  FinishReason,
  GeneratedObject,
  GeneratedText,
  Message,
  ModelCall,
  ObjectRequest,
  TextFeatures,
  TextModel,
  TextPart,
  TextRequest,
  Usage,
} from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { badAnswer, failed, refusedContent } from "./classify.ts";
import { type Exchange, OneCall } from "./exchange.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { type ModelOptions, modelOf, type Settings, settingsOf } from "./model-options.ts";
import { answerObject } from "./object.ts";
import { reckonTokens, saidTokens } from "./tokens.ts";

/** One request, checked, with every default filled in. */
export interface WireRequest {
  readonly messages: readonly Message[];
  readonly maxTokens: number;
  readonly temperature: number | undefined;
  readonly stop: readonly string[] | undefined;
  /** What the answer has to be, where it is to be data. */
  readonly json?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> } | undefined;
}

/** What came back; of a stream, what has come with this piece. */
export interface WireText {
  readonly text?: string | undefined;
  /** `undefined`: it has not said that it is done. */
  readonly finish?: FinishReason | "blocked" | undefined;
  /** Why the content was refused, in the provider's words. */
  readonly blocked?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly model?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface TextModelOptions extends ModelOptions {
  readonly features: TextFeatures;
  /** Of an answer, where the request does not say. Default: 4,096. */
  readonly maxTokens?: number | undefined;
  /** Tokens of input and output together, where that is known. */
  readonly contextTokens?: number | undefined;
  readonly send: (request: WireRequest, exchange: Exchange) => Promise<WireText>;
  /** Absent where `features.stream` is `false`. */
  readonly open?: ((request: WireRequest, exchange: Exchange) => Promise<AsyncIterable<WireText>>) | undefined;
}

/** A text model, of how to send one request. */
export function textModel(options: TextModelOptions): TextModel {
  const settings = settingsOf(options);
  return {
    "~semel": "text-model/1",
    ...modelOf(options),
    features: options.features,
    async generate(request: TextRequest, call: ModelCall = {}): Promise<GeneratedText> {
      const one = new OneCall(settings, call);
      return one.run(async (exchange) => {
        const wire = prepared(one, request, options);
        const answer = whole(one, options, await options.send(wire, exchange), request.onLength ?? "fail");
        one.tell(answer.usage);
        return answer;
      });
    },
    stream: (request: TextRequest, call: ModelCall = {}) => streamed(settings, options, request, call),
    async object<S extends StandardSchemaV1>(
      request: ObjectRequest<S>,
      call: ModelCall = {},
    ): Promise<GeneratedObject<StandardSchemaV1.InferOutput<S>>> {
      const one = new OneCall(settings, call);
      return one.run(async (exchange) => {
        if (options.features.object === "none")
          throw failed(one.about, "MODEL_UNSUPPORTED", "it cannot answer with data by a schema");
        const schema = jsonSchemaOf(one.about, request);
        const wire = { ...prepared(one, request, options), json: { name: request.name ?? "answer", schema } };
        return answerObject(one, request, wire, async (next) =>
          whole(one, options, await options.send(next, exchange), "fail"),
        );
      });
    },
  };
}

const defaultMaxTokens = 4_096;

function prepared(one: OneCall, request: Omit<TextRequest, "onLength">, options: TextModelOptions): WireRequest {
  const { messages, maxTokens: asked, temperature, stop, onLength } = (request ?? {}) as Partial<TextRequest>;
  const maxTokens = asked ?? options.maxTokens ?? defaultMaxTokens;
  const call = one.about;
  const expect = (holds: boolean, what: string): void => {
    if (!holds) throw failed(call, "MODEL_INPUT_INVALID", what);
  };
  if (!Array.isArray(messages) || messages.length === 0)
    throw failed(call, "MODEL_INPUT_INVALID", "expected at least one message, got none");
  expect(
    onLength === undefined || ["fail", "accept"].includes(onLength),
    `onLength: expected fail or accept, got ${onLength}`,
  );
  for (const [index, message] of messages.entries()) {
    expect(
      ["system", "user", "assistant"].includes(message?.role),
      `message ${index}: expected the role system, user or assistant`,
    );
    expect(typeof message.text === "string", `message ${index}: expected a text, got ${typeof message.text}`);
    expect(
      message.text.trim() !== "",
      `message ${index}: expected a text, got ${message.text === "" ? "an empty one" : "white space only"}`,
    );
  }
  expect(messages.at(-1)?.role === "user", `the last message: expected the user's, got the ${messages.at(-1)?.role}'s`);
  expect(Number.isInteger(maxTokens) && maxTokens >= 1, `maxTokens: expected a whole number from 1, got ${maxTokens}`);
  expect(
    temperature === undefined || (temperature >= 0 && temperature <= 2),
    `temperature: expected 0 to 2, got ${temperature}`,
  );
  expect(
    stop === undefined ||
      (Array.isArray(stop) && stop.length <= 4 && stop.every((text) => typeof text === "string" && text !== "")),
    "stop: expected at most 4 texts, none empty",
  );
  const inputTokens = messages.reduce((sum, { text }) => sum + reckonTokens(text), 0);
  if (options.contextTokens !== undefined && inputTokens + maxTokens > options.contextTokens)
    throw failed(
      call,
      "MODEL_INPUT_TOO_LONG",
      `the input has about ${inputTokens} tokens and the answer may have ${maxTokens}, the model takes ${options.contextTokens} together`,
    );
  one.estimate = { certainty: "estimated", inputTokens, outputTokens: 0 };
  return { messages, maxTokens, temperature, stop };
}

/** An answer that is done, whole, and not refused. */
function whole(one: OneCall, options: TextModelOptions, wire: WireText, onLength: "fail" | "accept"): GeneratedText {
  const { text = "", finish, blocked, model = options.model, requestId } = wire;
  one.estimate = usageOf(one.estimate, wire, text);
  if (blocked !== undefined || finish === "blocked") throw refusedContent(one.about, blocked);
  if (finish !== "stop" && finish !== "length")
    throw badAnswer(one.about, "the answer ends without saying that it is done");
  if (finish === "length" && onLength === "fail")
    throw failed(
      one.about,
      "MODEL_OUTPUT_CUT",
      `the answer was cut after ${text.length} characters; raise maxTokens, or accept it`,
    );
  if (text === "") throw badAnswer(one.about, "the answer is empty");
  const { provider, isMock } = options;
  return { text, finish, provider, model, isMock, usage: one.estimate, requestId };
}

/** What the provider said it cost; else what was reckoned, with what has come so far. */
function usageOf(before: Usage, wire: WireText, text: string): Usage {
  const [inputTokens, outputTokens, cachedInputTokens] = [
    saidTokens(wire.inputTokens),
    saidTokens(wire.outputTokens),
    saidTokens(wire.cachedInputTokens),
  ];
  if (inputTokens !== undefined && outputTokens !== undefined)
    return {
      certainty: "actual",
      inputTokens,
      outputTokens,
      ...(cachedInputTokens !== undefined && { cachedInputTokens }),
    };
  const known = before.certainty === "unknown" ? 0 : before.inputTokens;
  return {
    certainty: "estimated",
    inputTokens: inputTokens ?? known,
    outputTokens: outputTokens ?? reckonTokens(text),
  };
}

async function* streamed(
  settings: Settings,
  options: TextModelOptions,
  request: TextRequest,
  call: ModelCall,
): AsyncGenerator<TextPart> {
  const one = new OneCall(settings, call);
  const leave = one.begin();
  try {
    call.signal?.throwIfAborted();
    if (!options.open) throw failed(one.about, "MODEL_UNSUPPORTED", "it has no streams");
    const wire = prepared(one, request, options);
    let all: WireText = { text: "" };
    for await (const piece of unlessOver(one, settings, options.open(wire, one.exchange))) {
      all = { ...all, ...given(piece), text: `${all.text ?? ""}${piece.text ?? ""}` };
      one.estimate = usageOf(one.estimate, all, all.text ?? "");
      if (piece.text) yield { is: "text", text: piece.text };
    }
    const answer = whole(one, options, all, request.onLength ?? "fail");
    one.tell(answer.usage);
    yield { is: "end", ...answer };
  } catch (error) {
    throw one.failure(error);
  } finally {
    leave();
    // Whoever has stopped iterating has had what came so far, and pays for it.
    one.tell(one.estimate);
    one.end();
  }
}

const given = (piece: WireText): WireText =>
  Object.fromEntries(Object.entries(piece).filter(([, value]) => value !== undefined));

/** The pieces, until the deadline, the caller, or a silence that is too long ends them: also where the client waits for ever. */
async function* unlessOver(
  one: OneCall,
  { clock, idleMs }: Settings,
  opening: Promise<AsyncIterable<WireText>>,
): AsyncGenerator<WireText> {
  const { signal } = one.exchange;
  const awaited = <T>(next: Promise<T>): Promise<T> => {
    const idle = clock.timer(idleMs, () => one.tooLate(`nothing came for ${idleMs} ms`));
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      next.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    }).finally(() => idle.cancel());
  };
  const iterator = (await awaited(opening))[Symbol.asyncIterator]();
  try {
    for (let next = await awaited(iterator.next()); !next.done; next = await awaited(iterator.next())) yield next.value;
  } finally {
    // Not awaited: a client that hangs hangs here, too.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
