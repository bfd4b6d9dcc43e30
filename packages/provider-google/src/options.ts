import type { MockPolicy } from "@semel/ai/provider";
import type { Clock, Duration, EmbeddingModel, ImageModel, TextModel } from "@semel/core";
import type { GoogleClient } from "./client.ts";

export interface GoogleOptions {
  /** Of the Gemini API. Default: `GEMINI_API_KEY` of the environment, then `GOOGLE_API_KEY`. White space alone is none. */
  readonly apiKey?: string | undefined;
  /**
   * Of a server that speaks Google's language, without the version of the API. Default: `GOOGLE_GEMINI_BASE_URL` of the environment,
   * else Google's own.
   */
  readonly baseURL?: string | undefined;
  /** A client of yours, of `@google/genai` 2 or 3, also one for Vertex AI; its retries and timeouts are switched off for each call. */
  readonly client?: GoogleClient | undefined;
  /** When answers are made up. Default: `"without-key"`; `"never"` where there is a `baseURL`, or `GOOGLE_GEMINI_BASE_URL`. */
  readonly mock?: MockPolicy | undefined;
  /** Of one exchange. Default: `"60s"`, `"180s"` for pictures. */
  readonly timeout?: Duration | undefined;
  /** How long a stream may be silent. Default: `"30s"`. */
  readonly idleTimeout?: Duration | undefined;
  /** What deadlines are kept by. Default: the system's. */
  readonly clock?: Clock | undefined;
}

export interface GoogleModelOptions {
  /** Tokens of an answer, where the request does not say; the model's thoughts are among them. Default: 4,096. */
  readonly maxTokens?: number | undefined;
  /** Tokens of input and output together, to refuse what will not fit before it is sent. Default: not checked. */
  readonly contextTokens?: number | undefined;
}

export interface GoogleEmbeddingOptions {
  /** Length of the vectors, where the model can shorten them. Default: the model's own. */
  readonly dimensions?: number | undefined;
  /** {@link EmbeddingModel.space}, where a model is the same as another one. */
  readonly space?: string | undefined;
}

/** Where models come from. */
export interface GoogleProvider {
  /** @throws `OPTION_INVALID`, also for dimensions that the model does not have. */
  embedding(model: string, options?: GoogleEmbeddingOptions): EmbeddingModel;
  text(model: string, options?: GoogleModelOptions): TextModel;
  /**
   * One picture at a time from Gemini's image models, up to 4 from Imagen.
   * @throws `OPTION_INVALID` for Imagen without a client for Vertex AI: Google's client has it nowhere else.
   */
  image(model: string): ImageModel;
}
