import type { EmbeddingLimits, EmbeddingModel, Embeddings, EmbedRequest, ModelCall, Usage } from "@semel/core";
import { badAnswer, type Call, failed } from "./classify.ts";
import { type Exchange, OneCall } from "./exchange.ts";
import { type ModelOptions, modelOf, settingsOf } from "./model-options.ts";
import { reckonTokens, saidTokens } from "./tokens.ts";

/** What came back for one text. */
export interface WireVector {
  /** Which text it is for, where the provider says so. */
  readonly index?: number | undefined;
  readonly values: ArrayLike<number>;
}

export interface WireEmbeddings {
  readonly vectors: readonly WireVector[];
  readonly inputTokens?: number | undefined;
  readonly model?: string | undefined;
  readonly requestId?: string | undefined;
}

export interface EmbeddingModelOptions extends ModelOptions {
  readonly limits: EmbeddingLimits;
  /** Length of the vectors, where it is known or was asked for. */
  readonly dimensions?: number | undefined;
  /** The same model at another host has the same space: then say so. Default: provider, model and dimensions. */
  readonly space?: string | undefined;
  readonly countTokens?: ((text: string) => number) | undefined;
  /** One request. The kit has checked the texts, and checks the answer. */
  readonly send: (texts: readonly string[], exchange: Exchange) => Promise<WireEmbeddings>;
}

/** An embedding model, of how to send one request. */
export function embeddingModel(options: EmbeddingModelOptions): EmbeddingModel {
  const settings = settingsOf(options);
  const { dimensions, limits, countTokens = reckonTokens } = options;
  const space =
    options.space ?? [options.provider, options.model, ...(dimensions === undefined ? [] : [dimensions])].join("/");
  return {
    "~semel": "embedding-model/1",
    ...modelOf(options),
    space,
    dimensions,
    limits,
    countTokens,
    async embed(request: EmbedRequest, call: ModelCall = {}): Promise<Embeddings> {
      const one = new OneCall(settings, call);
      return one.run(async (exchange) => {
        const inputTokens = check(one.about, request, limits, countTokens);
        one.estimate = { certainty: "estimated", inputTokens, outputTokens: 0 };
        const answer = await options.send(request.texts, exchange);
        const said = saidTokens(answer.inputTokens);
        const usage: Usage =
          said === undefined ? one.estimate : { certainty: "actual", inputTokens: said, outputTokens: 0 };
        one.estimate = usage;
        const vectors = inOrder(one.about, request.texts.length, answer, dimensions);
        one.tell(usage);
        const { model = options.model, requestId } = answer;
        return { vectors, space, provider: options.provider, model, isMock: options.isMock, usage, requestId };
      });
    },
  };
}

/** @returns tokens of all texts. */
function check(
  call: Call,
  request: EmbedRequest,
  limits: EmbeddingLimits,
  countTokens: (text: string) => number,
): number {
  const wrong = (message: string): never => {
    throw failed(call, "MODEL_INPUT_INVALID", message);
  };
  const texts = request?.texts;
  if (!Array.isArray(texts) || texts.length === 0) wrong("expected at least one text, got none");
  if (texts.length > limits.maxItems)
    wrong(`expected at most ${limits.maxItems} texts, got ${texts.length}; batched(model) splits them`);
  let sum = 0;
  for (const [index, text] of texts.entries()) {
    if (typeof text !== "string") wrong(`text ${index}: expected a text, got ${typeof text}`);
    if (text.trim() === "")
      wrong(`text ${index}: expected a text, got ${text === "" ? "an empty one" : "white space only"}`);
    const tokens = countTokens(text);
    if (tokens > limits.maxItemTokens)
      throw failed(
        call,
        "MODEL_INPUT_TOO_LONG",
        `text ${index} has about ${tokens} tokens, the model takes ${limits.maxItemTokens}`,
      );
    sum += tokens;
  }
  if (sum > limits.maxTokens)
    wrong(`expected at most ${limits.maxTokens} tokens in all texts, got about ${sum}; batched(model) splits them`);
  return sum;
}

/** One vector for each text, in their order; anything else is no answer. */
function inOrder(
  call: Call,
  count: number,
  { vectors }: WireEmbeddings,
  dimensions: number | undefined,
): readonly Float32Array[] {
  if (vectors.length !== count) throw badAnswer(call, `expected ${count} vectors, got ${vectors.length}`);
  const ordered = new Array<Float32Array | undefined>(count);
  const length = dimensions ?? vectors[0]?.values.length ?? 0;
  for (const [place, { index = place, values }] of vectors.entries()) {
    if (!Number.isInteger(index) || index < 0 || index >= count || ordered[index])
      throw badAnswer(call, `vector ${place} is for text ${index}, of ${count}`);
    if (values.length === 0) throw badAnswer(call, `vector ${index}: expected numbers, got none`);
    if (values.length !== length)
      throw badAnswer(call, `vector ${index}: expected ${length} dimensions, got ${values.length}`);
    // `from` makes numbers of what are none: of null, which is what JSON makes of NaN, zero.
    if (Array.isArray(values) && values.some((value) => typeof value !== "number"))
      throw badAnswer(call, `vector ${index} holds what is no number`);
    const vector = Float32Array.from(values as ArrayLike<number>);
    if (!vector.every(Number.isFinite)) throw badAnswer(call, `vector ${index} holds what is no number`);
    if (vector.every((value) => value === 0)) throw badAnswer(call, `vector ${index} is all zeros`);
    ordered[index] = vector;
  }
  return ordered as Float32Array[];
}
