import type { MockPolicy } from "@semel/ai/provider";
import type { Clock, Duration, EmbeddingModel, ImageModel, TextModel } from "@semel/core";
import type { OpenAiClient } from "./client.ts";

export interface OpenAiOptions {
  /** Default: `OPENAI_API_KEY` of the environment. White space alone is none. */
  readonly apiKey?: string | undefined;
  /** Of a server that speaks OpenAI's language. Default: `OPENAI_BASE_URL` of the environment, else OpenAI's own. */
  readonly baseURL?: string | undefined;
  /** A client of yours, of openai 6 or 7; its retries and timeouts are switched off for each call. */
  readonly client?: OpenAiClient | undefined;
  /** When answers are made up. Default: `"without-key"`; `"never"` where there is a `baseURL`, or `OPENAI_BASE_URL`. */
  readonly mock?: MockPolicy | undefined;
  /** Of one exchange. Default: `"60s"`, `"180s"` for pictures. */
  readonly timeout?: Duration | undefined;
  /** How long a stream may be silent. Default: `"30s"`. */
  readonly idleTimeout?: Duration | undefined;
  readonly clock?: Clock | undefined;
}

export interface OpenAiModelOptions {
  /** Tokens of an answer, where the request does not say. Default: 4,096. */
  readonly maxTokens?: number | undefined;
  /** Tokens of input and output together, to refuse what will not fit before it is sent. Default: not checked. */
  readonly contextTokens?: number | undefined;
}

export interface OpenAiEmbeddingOptions {
  /** Length of the vectors, where the model can shorten them. Default: the model's own. */
  readonly dimensions?: number | undefined;
  /** {@link EmbeddingModel.space}, where a model is the same as another one. */
  readonly space?: string | undefined;
}

/** Where models come from. */
export interface OpenAiProvider {
  /** @throws `OPTION_INVALID`, also for dimensions that the model does not have. */
  embedding(model: string, options?: OpenAiEmbeddingOptions): EmbeddingModel;
  text(model: string, options?: OpenAiModelOptions): TextModel;
  image(model: string): ImageModel;
}
