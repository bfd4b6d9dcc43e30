import {
  addressOf,
  credentialWord,
  type Exchange,
  embeddingModel,
  imageModel,
  isToBeMock,
  keyOf,
  type ModelOptions,
  mockEmbedding,
  mockImage,
  mockText,
  noOptions,
  peek,
  spaceOf,
  textModel,
  textOf,
  tokensOf,
  type WireRequest,
} from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import { clientOf, known, knownOfEmbedding, knownOfText } from "./checked-options.ts";
import { hostOf, makeClient } from "./client.ts";
import { contentBody, readContent, readPieces } from "./content.ts";
import { contentsOf, readEmbeddings } from "./embedding.ts";
import { failureOf } from "./failure.ts";
import { imagen, picture } from "./image.ts";
import { isImagen } from "./image-shape.ts";
import { embeddingFacts } from "./known-models.ts";
import type { GoogleOptions, GoogleProvider } from "./options.ts";
import { sent } from "./wire.ts";

/**
 * Google's models, by the Gemini API or by Vertex AI. Connects to nothing. The client's own retries are off: the job retries.
 *
 * @example
 * const { embedding } = google();
 * const model = embedding("gemini-embedding-001", { dimensions: 768 });
 *
 * @throws `OPTION_INVALID`; `MODEL_MOCK_REFUSED` in production without a key.
 */
export function google(options: GoogleOptions = {}): GoogleProvider {
  knownOnly(options, known, "google");
  const { mock: policy, timeout, idleTimeout, clock } = options;
  const given = clientOf(options.client);
  // What is in the environment is for a client that is made here.
  const env: NodeJS.ProcessEnv = given ? {} : process.env;
  const apiKey =
    keyOf(options.apiKey, "google.apiKey") ??
    (options.apiKey === undefined
      ? (keyOf(env.GEMINI_API_KEY, "GEMINI_API_KEY") ?? keyOf(env.GOOGLE_API_KEY, "GOOGLE_API_KEY"))
      : undefined);
  const baseURL =
    addressOf(options.baseURL, "google.baseURL", "https://host") ??
    addressOf(env.GOOGLE_GEMINI_BASE_URL?.trim() || undefined, "GOOGLE_GEMINI_BASE_URL", "https://host");
  // Whoever names an address means it.
  const isMock =
    given === undefined &&
    isToBeMock({
      provider: "google",
      variable: "GEMINI_API_KEY",
      apiKey,
      policy: policy ?? (baseURL === undefined ? undefined : "never"),
    });
  const client = given ?? makeClient(apiKey ?? "none", baseURL);
  const { models } = client;
  const isVertex = client.vertexai === true;
  // A client of the caller's has a key of its own, or none.
  const ownKey = given === undefined ? apiKey : (apiKey ?? textOf(peek(given, "apiKey")));
  const secrets = [ownKey, process.env.GEMINI_API_KEY, process.env.GOOGLE_API_KEY].filter(
    (secret) => secret !== undefined && secret.trim() !== "",
  ) as readonly string[];
  const host = hostOf(client);
  const credential = credentialWord(client, ownKey);
  const failure = failureOf(clock);
  const common = (model: string): ModelOptions => ({
    ...{ provider: "google", model: named(model), host, isMock, credential },
    ...{ failure, timeout, idleTimeout, clock, secrets },
  });
  return {
    embedding(model, given = {}) {
      knownOnly(given, knownOfEmbedding, "google.embedding");
      const { dimensions } = given;
      const facts = embeddingFacts(named(model), dimensions, isVertex);
      // Vertex AI cuts what is too long, unless it is told not to; the client refuses to tell the Gemini API.
      const asked = {
        ...(dimensions !== undefined && { outputDimensionality: dimensions }),
        ...(isVertex && { autoTruncate: false }),
      };
      const settings = {
        ...common(model),
        space: spaceOf(given.space, "google.embedding.space"),
        ...{ dimensions: facts.dimensions, limits: facts.limits },
        send: async (texts: readonly string[], exchange: Exchange) => {
          const request = { model, contents: contentsOf(texts), config: { ...asked, ...sent(client, exchange) } };
          return readEmbeddings(await models.embedContent(request as never), facts.isToBeNormalised);
        },
      };
      return embeddingModel(isMock ? mockEmbedding(settings) : settings);
    },
    text(model, given = {}) {
      knownOnly(given, knownOfText, "google.text");
      const settings = {
        ...common(model),
        maxTokens: tokensOf(given.maxTokens, "google.text.maxTokens"),
        contextTokens: tokensOf(given.contextTokens, "google.text.contextTokens"),
        features: { stream: true, object: "enforced" } as const,
        send: async (request: WireRequest, exchange: Exchange) => {
          const { contents, config } = contentBody(request);
          const body = { model, contents, config: { ...config, ...sent(client, exchange) } };
          return readContent(await models.generateContent(body as never));
        },
        open: async (request: WireRequest, exchange: Exchange) => {
          const { contents, config } = contentBody(request);
          const body = { model, contents, config: { ...config, ...sent(client, exchange, "stream") } };
          return readPieces(await models.generateContentStream(body as never));
        },
      };
      return textModel(isMock ? mockText(settings) : settings);
    },
    image(model, given?: unknown) {
      noOptions(given, "google.image");
      const settings = { ...common(model), ...(isImagen(model) ? imagen : picture)(client, model) };
      return imageModel(isMock ? mockImage(settings) : settings);
    },
  };
}

function named(model: string): string {
  if (typeof model === "string" && model.trim() !== "") return model;
  throw new OptionInvalidError("google model", "the name of a model", model);
}
