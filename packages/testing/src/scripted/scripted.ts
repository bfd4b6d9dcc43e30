import {
  type EmbeddingModelOptions,
  embeddingModel,
  type ImageModelOptions,
  imageModel,
  type ModelOptions,
  mockEmbedding,
  mockImage,
  mockText,
  type TextModelOptions,
  textModel,
} from "@semel/ai/provider";
import {
  type Clock,
  type Duration,
  type EmbeddingLimits,
  type EmbeddingModel,
  type ImageModel,
  type Message,
  systemClock,
  type TextModel,
} from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { checkEmbedding, checkName, checkOptions } from "./check-options.ts";
import { Played } from "./played.ts";
import { Script } from "./script.ts";
import type { PlayedRequest, ScriptedRequest, ScriptedStep } from "./step.ts";
import { imagesOf, textOf, vectorsOf, wordsOf } from "./wire.ts";

export interface ScriptedOptions {
  /** The provider's name, and its host's. Default: `"scripted"`. */
  readonly name?: string | undefined;
  /**
   * Decides what becomes of a request for which {@link ScriptedProvider.next} has nothing. `undefined`: an answer is made up. What it throws,
   * the call rejects with: it is no failure of the provider.
   */
  readonly script?: ((request: ScriptedRequest) => ScriptedStep | undefined) | undefined;
  /** Of each request, before anything comes. Default: none. */
  readonly latency?: Duration | undefined;
  /** Of one exchange. Default: `"60s"`, `"180s"` for pictures. */
  readonly timeout?: Duration | undefined;
  /** How long a stream may be silent. Default: `"30s"`. */
  readonly idleTimeout?: Duration | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

export interface ScriptedEmbeddingOptions {
  /** Default: 256. */
  readonly dimensions?: number | undefined;
  /** Default: those of OpenAI, 2,048 texts and 300,000 tokens, 8,191 of one. */
  readonly limits?: EmbeddingLimits | undefined;
}

/** Models that answer and fail as they are told. */
export interface ScriptedProvider {
  /** @throws `OPTION_INVALID` for dimensions that no vector has, or incomplete limits. */
  embedding(model?: string, options?: ScriptedEmbeddingOptions): EmbeddingModel;
  text(model?: string): TextModel;
  image(model?: string): ImageModel;
  /** What becomes of the next requests, one step each, of whichever model. @throws `OPTION_INVALID` for a step that is none. */
  next(...steps: readonly ScriptedStep[]): void;
  /** Every request so far, in the order they came. */
  readonly requests: readonly PlayedRequest[];
  /** Steps of {@link next} that no request has come for. */
  readonly left: number;
}

const limits: EmbeddingLimits = { maxItems: 2_048, maxTokens: 300_000, maxItemTokens: 8_191 };

/**
 * A provider that plays a script, without a network. Around the script is what is around every provider of Semel's: checks, deadlines,
 * what a failure means, usage, repairs. So a test meets a rate limit, a spent quota or half an answer as production will.
 *
 * @example
 * const provider = scripted();
 * provider.next({ fault: "429-seconds" }, { data: { people: ["Ada"] } });
 * const model = provider.text(); // the first call is deferred for 7 s, the second answers
 * @throws `OPTION_INVALID`
 */
export function scripted(options: ScriptedOptions = {}): ScriptedProvider {
  checkOptions(options);
  const { name = "scripted", clock = systemClock, timeout, idleTimeout } = options;
  const script = new Script(options.script, toMs(options.latency ?? "0ms", "scripted.latency"), clock);
  const common = (model: string): ModelOptions => ({
    provider: name,
    model,
    host: `${name}.test`,
    isMock: true,
    credential: name,
    timeout,
    idleTimeout,
    clock,
    failure: (thrown) => {
      if (thrown instanceof Played) return thrown.facts;
      // A mistake of the script's, or what it throws itself: no failure of a provider, and it comes out as it is.
      throw thrown;
    },
  });
  return {
    embedding(model = "scripted-embedding", given = {}) {
      checkName(model, "scripted.embedding.model");
      checkEmbedding(given);
      const { dimensions = 256, limits: own = limits } = given;
      const made: EmbeddingModelOptions = mockEmbedding({ ...common(model), limits: own, dimensions, send: unused });
      return embeddingModel({
        ...made,
        send: async (texts, exchange) => {
          const asked = { prompt: texts.join("\n"), texts };
          const playing = await script.play("embedding", model, asked, exchange, { count: texts.length, dimensions });
          const wire = vectorsOf(playing, await made.send(texts, exchange), texts.length);
          playing.answered(wire.inputTokens, 0);
          return wire;
        },
      });
    },
    text(model = "scripted-text") {
      checkName(model, "scripted.text.model");
      const features = { stream: true, object: "enforced" } as const;
      const made: TextModelOptions = mockText({ ...common(model), features, send: unused });
      return textModel({
        ...made,
        send: async (request, exchange) => {
          const { messages } = request;
          const playing = await script.play("text", model, { prompt: promptOf(messages), messages }, exchange);
          const wire = textOf(playing, await made.send(request, exchange));
          playing.answered(wire.inputTokens, wire.outputTokens);
          return wire;
        },
        open: async (request, exchange) => {
          const { messages } = request;
          const playing = await script.play("stream", model, { prompt: promptOf(messages), messages }, exchange);
          return wordsOf(playing, textOf(playing, await made.send(request, exchange)), exchange.signal);
        },
      });
    },
    image(model = "scripted-image") {
      checkName(model, "scripted.image.model");
      const made: ImageModelOptions = mockImage({ ...common(model), features: { maxCount: 10 }, send: unused });
      return imageModel({
        ...made,
        send: async (request, exchange) => {
          const playing = await script.play("image", model, { prompt: request.prompt }, exchange, request);
          const wire = imagesOf(playing, await made.send(request, exchange));
          playing.answered(wire.inputTokens, wire.outputTokens);
          return wire;
        },
      });
    },
    next: (...steps) => script.next(steps),
    get requests() {
      return script.requests;
    },
    get left() {
      return script.left;
    },
  };
}

const promptOf = (messages: readonly Message[]): string => messages.map(({ text }) => text).join("\n");

const unused = (): never => {
  throw new Error("the mock around it answers");
};
