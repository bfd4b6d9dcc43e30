import {
  type Exchange,
  embeddingModel,
  isToBeMock,
  type ModelOptions,
  mockEmbedding,
  mockText,
  textModel,
  type WireRequest,
} from "@semel/ai/provider";
import {
  type Clock,
  type Duration,
  type EmbeddingModel,
  type ModelError,
  OptionInvalidError,
  systemClock,
  type TextModel,
} from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import { chatBody, collected, pieces } from "./chat.ts";
import { clientFor } from "./client.ts";
import { embedBody, readEmbeddings } from "./embedding.ts";
import { type EnsureModelsOptions, ensureModels } from "./ensure-models.ts";
import { failure } from "./failure.ts";
import { embeddingFacts } from "./known-models.ts";
import { named, shortName } from "./model-name.ts";
import type { Asker } from "./pull/asker.ts";
import { hostedModel, leaveAll } from "./pull/hosted-models.ts";
import { missing, preparing } from "./pull/pull-errors.ts";
import { type OllamaPullOptions, pullSettings } from "./pull/pull-options.ts";
import { remedied } from "./remedy.ts";
import { serverOf } from "./server.ts";

export type { EnsureModelsOptions } from "./ensure-models.ts";
export type { OllamaPullOptions, OllamaPullProgress } from "./pull/pull-options.ts";

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
   *   `MODEL_TIMEOUT`; what the server's list fails with; the signal's reason; `OPTION_INVALID` without `models`.
   */
  ensureModels(options?: EnsureModelsOptions): Promise<void>;
  /** Pulls nothing any more: a pull that no other provider of the process wants is ended. Models go on answering. */
  close(): void;
  /** {@link OllamaProvider.close} */
  [Symbol.asyncDispose](): Promise<void>;
}

const known: readonly (keyof OllamaOptions)[] = [
  ...(["host", "headers", "models", "pull", "fetch", "timeout", "idleTimeout", "clock", "mock"] as const),
];
const knownOfText: readonly (keyof OllamaModelOptions)[] = ["maxTokens", "contextTokens", "keepAlive", "think"];
const knownOfEmbedding: readonly (keyof OllamaEmbeddingOptions)[] = [
  ...(["dimensions", "contextTokens", "keepAlive", "space"] as const),
];
/** For another worker to try, which still pulls. */
const closedMs = 5_000;

/**
 * Models of an Ollama server. Connects to nothing until a model is called. Nothing is tried again here: the job retries.
 *
 * @example
 * const { embedding, ensureModels } = ollama({ models: ["nomic-embed-text"] });
 * await ensureModels();
 * const model = embedding("nomic-embed-text");
 *
 * @throws `OPTION_INVALID`; `MODEL_MOCK_REFUSED` for `mock: "always"` in production.
 */
export function ollama(options: OllamaOptions = {}): OllamaProvider {
  knownOnly(options, known, "ollama");
  const { pull = {}, mock = "never", clock = systemClock } = options;
  const { timeout = "180s", idleTimeout = "120s" } = options;
  const server = serverOf(options);
  const isMock = isMade(mock);
  const models = listed(options.models);
  const settings = pull === false ? undefined : pullSettings(pull);
  const owner = {};
  let isClosed = false;

  const common = (model: string): ModelOptions => ({
    ...{ provider: "ollama", model, host: server.host, isMock, credential: server.credential },
    ...{ failure, timeout, idleTimeout, clock, secrets: server.secrets },
  });
  const supported = (model: string): string => {
    named(model);
    if (!models || models.some((name) => shortName(name) === shortName(model))) return model;
    throw new OptionInvalidError("ollama model", `one of models (${models.join(", ")})`, model);
  };
  const asker = (model: string): Asker | undefined =>
    settings && {
      ...{ owner, model, host: server.host, clock, settings, options: common(model) },
      lines: (exchange) => clientFor(server, exchange, "lines").pull({ model, stream: true }),
    };
  /** What a call is told when the server has no such model. */
  const lacking = (model: string): ModelError => {
    const by = asker(model);
    const { host } = server;
    if (!models)
      return missing(
        { model, host },
        `${host} does not have it; run "ollama pull ${model}" there, or name it in models`,
      );
    if (!by)
      return missing({ model, host }, `${host} does not have it, and pull is false; run "ollama pull ${model}" there`);
    if (isClosed) return preparing(by, `${host} does not have it, and this provider is closed`, closedMs);
    return hostedModel(server.url, by).missing(by);
  };
  const close = (): void => {
    isClosed = true;
    leaveAll(owner);
  };
  const lacks = (model: string) => ({ model, missing: () => lacking(model) });

  return {
    embedding(model, given = {}) {
      knownOnly(given, knownOfEmbedding, "ollama.embedding");
      const { dimensions, space } = given;
      const contextTokens = tokens(given.contextTokens, "ollama.embedding.contextTokens");
      const facts = embeddingFacts(supported(model), dimensions, contextTokens);
      const sent = { dimensions, contextTokens, keepAlive: keepAliveOf(given.keepAlive) };
      const length = facts.dimensions === undefined ? [] : [facts.dimensions];
      const all = {
        ...common(model),
        // Of the shortest name: `:latest` is no other model.
        space: space ?? ["ollama", shortName(model), ...length].join("/"),
        dimensions: facts.dimensions,
        limits: facts.limits,
        send: (texts: readonly string[], exchange: Exchange) =>
          remedied(lacks(model), exchange, async () => {
            const client = clientFor(server, exchange, "whole");
            return readEmbeddings(await client.embed(embedBody(model, texts, sent) as never));
          }),
      };
      return embeddingModel(isMock ? mockEmbedding(all) : all);
    },
    text(model, given = {}) {
      knownOnly(given, knownOfText, "ollama.text");
      supported(model);
      const { maxTokens, think } = given;
      const contextTokens = tokens(given.contextTokens, "ollama.text.contextTokens");
      const sent = { contextTokens, think, keepAlive: keepAliveOf(given.keepAlive) };
      const open = (request: WireRequest, exchange: Exchange) =>
        remedied(lacks(model), exchange, async () => {
          const client = clientFor(server, exchange, "lines");
          const lines: unknown = await client.chat(chatBody(model, request, sent) as never);
          return pieces(lines as AsyncIterable<unknown>);
        });
      const all = {
        ...common(model),
        ...{ maxTokens, contextTokens },
        features: { stream: true, object: "enforced" } as const,
        // A stream, too: a proxy between would cut a silence, and Node an answer that has not begun.
        send: async (request: WireRequest, exchange: Exchange) => collected(await open(request, exchange)),
        open,
      };
      return textModel(isMock ? mockText(all) : all);
    },
    async ensureModels(given = {}) {
      knownOnly(given, ["signal", "timeout"], "ensureModels");
      if (!models) throw new OptionInvalidError("ollama.models", "a list of models to make sure of", undefined);
      if (isMock) return;
      const pull = async (model: string) => {
        const by = asker(model);
        return by && hostedModel(server.url, by).pull(by).end;
      };
      const wanted = { models, connection: server, host: server.host, options: common };
      await ensureModels({ ...wanted, pull: settings && !isClosed ? pull : undefined }, given);
    },
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}

function isMade(mock: NonNullable<OllamaOptions["mock"]>): boolean {
  switch (mock) {
    case "never":
      return false;
    case "always":
      return isToBeMock({ provider: "ollama", apiKey: "none is needed", policy: "always" });
    case "allow-in-production":
      return isToBeMock({ provider: "ollama", apiKey: undefined, policy: "allow-in-production" });
    default:
      throw new OptionInvalidError("ollama.mock", '"never", "always" or "allow-in-production"', mock);
  }
}

function listed(models: readonly string[] | undefined): readonly string[] | undefined {
  if (models === undefined) return undefined;
  if (!Array.isArray(models) || models.length === 0)
    throw new OptionInvalidError("ollama.models", "a list of at least one model", models);
  return [...new Map(models.map((model) => [shortName(named(model, "ollama.models")), model])).values()];
}

function tokens(count: number | undefined, option: string): number | undefined {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return count;
  throw new OptionInvalidError(option, "a whole number of tokens from 1", count);
}

/** As Ollama takes it: it knows no days, and what is below zero is for ever. */
function keepAliveOf(keepAlive: Duration | "forever" | undefined): string | number | undefined {
  if (keepAlive === undefined) return undefined;
  return keepAlive === "forever" ? -1 : `${toMs(keepAlive, "keepAlive")}ms`;
}
