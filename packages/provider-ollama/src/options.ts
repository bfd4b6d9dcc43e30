import type { Clock, Duration, EmbeddingModel, TextModel } from "@semel/core";
import type { EnsureModelsOptions } from "./ensure-models.ts";
import type { OllamaPullOptions } from "./pull/pull-options.ts";

/** Where the server is, which of its models may be used, and how long it may take. */
export interface OllamaOptions {
  /**
   * Where the server is, in any form that Ollama takes: `host:port`, `:port`, a host, a URL; a user and a password in it are sent as a
   * header. Default: `OLLAMA_HOST` of the environment, else `http://127.0.0.1:11434`.
   */
  readonly host?: string | undefined;
  /** Sent with every request, for a proxy in front of the server. Their values are taken out of everything that is said. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The models that may be used. One of them that the server lacks is pulled; any other is refused. Default: any may be used, and
   * nothing is pulled.
   */
  readonly models?: readonly string[] | undefined;
  /** How what is missing of `models` is pulled; `false`: not at all. */
  readonly pull?: false | OllamaPullOptions | undefined;
  /** In place of Node's, which gives up on an answer that has not begun after five minutes. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Of one exchange, with the loading of the model. Default: `"180s"`. */
  readonly timeout?: Duration | undefined;
  /** How long a stream may be silent, also while the model is loaded. Default: `"120s"`. */
  readonly idleTimeout?: Duration | undefined;
  /** For every deadline, that of a pull included. Default: the machine's. */
  readonly clock?: Clock | undefined;
  /**
   * Answers are made up: `"always"`, but in production, where that is refused; `"allow-in-production"`, there too. Default: `"never"`,
   * since there is no key that could be missing.
   */
  readonly mock?: "never" | "always" | "allow-in-production" | undefined;
}

/** How one text model is asked. */
export interface OllamaModelOptions {
  /** Tokens of an answer, where the request does not say. Default: 4,096. */
  readonly maxTokens?: number | undefined;
  /**
   * Tokens of input and output together (`num_ctx`): asked of the server, and what will not fit is refused before it is sent. Default:
   * the server's, often 4,096 whatever the model could take; what is longer it refuses.
   */
  readonly contextTokens?: number | undefined;
  /** How long the server keeps the model in memory after the call. Default: the server's, 5 minutes if nobody has said otherwise. */
  readonly keepAlive?: Duration | "forever" | undefined;
  /** Whether a model that can think does so before it answers, or how hard. Default: the server's; it does. */
  readonly think?: boolean | "low" | "medium" | "high" | undefined;
}

/** How one embedding model is asked. */
export interface OllamaEmbeddingOptions {
  /** Length of the vectors, where the model can shorten them. Default: the model's own. */
  readonly dimensions?: number | undefined;
  /** Tokens of one text (`num_ctx`). Default: the model's where it is known, else 32,768; what the server has no room for it refuses. */
  readonly contextTokens?: number | undefined;
  /** As of a text model. Default: the server's, 5 minutes if nobody has said otherwise. */
  readonly keepAlive?: Duration | "forever" | undefined;
  /** {@link EmbeddingModel.space}, where a model is the same as another one. */
  readonly space?: string | undefined;
}

/** Where models come from. */
export interface OllamaProvider {
  /** Vectors. @throws `OPTION_INVALID` for a model that is not one of `models`, and for dimensions that it does not have. */
  embedding(model: string, options?: OllamaEmbeddingOptions): EmbeddingModel;
  /** Chat: texts, streams, data. @throws `OPTION_INVALID` for a model that is not one of `models`. */
  text(model: string, options?: OllamaModelOptions): TextModel;
  /**
   * Pulls what the server lacks of `models`, and resolves when all are there: before workers start. It joins pulls that are under way.
   * @throws `MODEL_UNKNOWN`, or `MODEL_PREPARING` where another try may help, naming every model that could not be had;
   *   `MODEL_ANSWER_INVALID` where the server answers as no Ollama does; `MODEL_TIMEOUT`; what the server's list fails with; the
   *   signal's reason; `OPTION_INVALID`, also without `models`.
   */
  ensureModels(options?: EnsureModelsOptions): Promise<void>;
  /** Pulls nothing any more: a pull that no other provider of the process wants is ended. Models go on answering. */
  close(): void;
  /** {@link OllamaProvider.close} */
  [Symbol.asyncDispose](): Promise<void>;
}
