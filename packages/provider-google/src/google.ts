import {
  type Exchange,
  embeddingModel,
  imageModel,
  isToBeMock,
  type MockPolicy,
  type ModelOptions,
  mockEmbedding,
  mockImage,
  mockText,
  peek,
  textModel,
  type WireRequest,
} from "@semel/ai/provider";
import {
  type Clock,
  type Duration,
  type EmbeddingModel,
  type ImageModel,
  OptionInvalidError,
  type TextModel,
} from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import { type GoogleClient, hostOf, makeClient } from "./client.ts";
import { contentBody, readContent, readPieces } from "./content.ts";
import { credentialOf } from "./credential.ts";
import { contentsOf, readEmbeddings } from "./embedding.ts";
import { failureOf } from "./failure.ts";
import { imagen, picture } from "./image.ts";
import { isImagen } from "./image-shape.ts";
import { embeddingFacts } from "./known-models.ts";
import { textOf } from "./read.ts";
import { sent } from "./wire.ts";

export type { GoogleClient } from "./client.ts";

export interface GoogleOptions {
  /** Of the Gemini API. Default: `GEMINI_API_KEY` of the environment, then `GOOGLE_API_KEY`. */
  readonly apiKey?: string | undefined;
  /** Of a server that speaks Google's language, without the version of the API. Default: Google's own. */
  readonly baseURL?: string | undefined;
  /** A client of yours, of `@google/genai` 2 or 3, also one for Vertex AI; its retries and timeouts are switched off for each call. */
  readonly client?: GoogleClient | undefined;
  /** When answers are made up. Default: `"without-key"`; `"never"` where there is a `baseURL`. */
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
  /** @throws `OPTION_INVALID` for dimensions that the model does not have. */
  embedding(model: string, options?: GoogleEmbeddingOptions): EmbeddingModel;
  text(model: string, options?: GoogleModelOptions): TextModel;
  /**
   * One picture at a time from Gemini's image models, up to 4 from Imagen.
   * @throws `OPTION_INVALID` for Imagen without a client for Vertex AI: Google's client has it nowhere else.
   */
  image(model: string): ImageModel;
}

const known: readonly (keyof GoogleOptions)[] = [
  "apiKey",
  "baseURL",
  "client",
  "mock",
  "timeout",
  "idleTimeout",
  "clock",
];

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
  const { client: given, mock: policy, baseURL, timeout, idleTimeout, clock } = options;
  const apiKey = options.apiKey ?? (process.env.GEMINI_API_KEY || process.env.GOOGLE_API_KEY);
  // Whoever names an address means it.
  const isMock =
    given === undefined &&
    isToBeMock({ provider: "google", apiKey, policy: policy ?? (baseURL === undefined ? undefined : "never") });
  const client = given ?? makeClient(apiKey || "none", baseURL);
  const { models } = client;
  const isVertex = client.vertexai === true;
  // A client of the caller's has a key of its own, or none.
  const ownKey = given === undefined ? apiKey : (options.apiKey ?? textOf(peek(given, "apiKey")));
  const secrets = [apiKey ?? "", ownKey ?? ""].filter((secret) => secret !== "");
  const host = hostOf(client);
  const credential = credentialOf(client, ownKey);
  const failure = failureOf(clock);
  const common = (model: string): ModelOptions => ({
    ...{ provider: "google", model: named(model), host, isMock, credential },
    ...{ failure, timeout, idleTimeout, clock, secrets },
  });
  return {
    embedding(model, { dimensions, space } = {}) {
      const facts = embeddingFacts(named(model), dimensions, isVertex);
      // Vertex AI cuts what is too long, unless it is told not to; the client refuses to tell the Gemini API.
      const asked = {
        ...(dimensions !== undefined && { outputDimensionality: dimensions }),
        ...(isVertex && { autoTruncate: false }),
      };
      const settings = {
        ...common(model),
        ...{ space, dimensions: facts.dimensions, limits: facts.limits },
        send: async (texts: readonly string[], exchange: Exchange) => {
          const request = { model, contents: contentsOf(texts), config: { ...asked, ...sent(client, exchange) } };
          return readEmbeddings(await models.embedContent(request as never), facts.isToBeNormalised);
        },
      };
      return embeddingModel(isMock ? mockEmbedding(settings) : settings);
    },
    text(model, { maxTokens, contextTokens } = {}) {
      const settings = {
        ...common(model),
        ...{ maxTokens, contextTokens },
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
    image(model) {
      const settings = { ...common(model), ...(isImagen(model) ? imagen : picture)(client, model) };
      return imageModel(isMock ? mockImage(settings) : settings);
    },
  };
}

function named(model: string): string {
  if (typeof model === "string" && model.trim() !== "") return model;
  throw new OptionInvalidError("google model", "the name of a model", model);
}
