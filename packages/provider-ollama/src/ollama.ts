import {
  type Exchange,
  embeddingModel,
  type ModelOptions,
  mockEmbedding,
  mockText,
  spaceOf,
  textModel,
  tokensOf,
  type WireRequest,
} from "@semel/ai/provider";
import { type ModelError, OptionInvalidError, systemClock } from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import { chatBody, collected, pieces } from "./chat.ts";
import {
  checkedEnsuring,
  clockOf,
  isMade,
  keepAliveOf,
  known,
  knownOfEmbedding,
  knownOfText,
  listed,
  thinkOf,
} from "./checked-options.ts";
import { clientFor } from "./client.ts";
import { embedBody, readEmbeddings } from "./embedding.ts";
import { ensureModels } from "./ensure-models.ts";
import { failure } from "./failure.ts";
import { embeddingFacts } from "./known-models.ts";
import { named, shortName } from "./model-name.ts";
import type { OllamaOptions, OllamaProvider } from "./options.ts";
import type { Asker } from "./pull/asker.ts";
import { hostedModel, leaveAll } from "./pull/hosted-models.ts";
import { missing, preparing } from "./pull/pull-errors.ts";
import { pullSettings } from "./pull/pull-options.ts";
import { remedied } from "./remedy.ts";
import { serverOf } from "./server.ts";

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
  const { pull = {}, mock = "never" } = options;
  const clock = clockOf(options.clock ?? systemClock);
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

  return {
    embedding(model, given = {}) {
      knownOnly(given, knownOfEmbedding, "ollama.embedding");
      const { dimensions } = given;
      const space = spaceOf(given.space, "ollama.embedding.space");
      const contextTokens = tokensOf(given.contextTokens, "ollama.embedding.contextTokens");
      const facts = embeddingFacts(supported(model), dimensions, contextTokens);
      const keepAlive = keepAliveOf(given.keepAlive, "ollama.embedding.keepAlive");
      const sent = { dimensions, contextTokens, keepAlive };
      const length = facts.dimensions === undefined ? [] : [facts.dimensions];
      const all = {
        ...common(model),
        // Of the shortest name: `:latest` is no other model.
        space: space ?? ["ollama", shortName(model), ...length].join("/"),
        dimensions: facts.dimensions,
        limits: facts.limits,
        send: (texts: readonly string[], exchange: Exchange) =>
          remedied(
            () => lacking(model),
            exchange,
            async () => {
              const client = clientFor(server, exchange, "whole");
              return readEmbeddings(await client.embed(embedBody(model, texts, sent) as never));
            },
          ),
      };
      return embeddingModel(isMock ? mockEmbedding(all) : all);
    },
    text(model, given = {}) {
      knownOnly(given, knownOfText, "ollama.text");
      supported(model);
      const maxTokens = tokensOf(given.maxTokens, "ollama.text.maxTokens");
      const contextTokens = tokensOf(given.contextTokens, "ollama.text.contextTokens");
      const keepAlive = keepAliveOf(given.keepAlive, "ollama.text.keepAlive");
      const sent = { contextTokens, think: thinkOf(given.think), keepAlive };
      const open = (request: WireRequest, exchange: Exchange) =>
        remedied(
          () => lacking(model),
          exchange,
          async () => {
            const client = clientFor(server, exchange, "lines");
            const lines: unknown = await client.chat(chatBody(model, request, sent) as never);
            return pieces(lines as AsyncIterable<unknown>);
          },
        );
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
      checkedEnsuring(given);
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
