import {
  addressOf,
  credentialWord,
  type Exchange,
  embeddingModel,
  headersOf,
  imageModel,
  isToBeMock,
  keyOf,
  type ModelOptions,
  mockEmbedding,
  mockImage,
  mockText,
  noOptions,
  numberOf,
  peek,
  shownOf,
  spaceOf,
  textModel,
  textOf,
  tokensOf,
  type WireImageRequest,
  type WireRequest,
} from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import OpenAI from "openai";
import { answerOf } from "./answer.ts";
import { chatBody, readChat, readPiece } from "./chat.ts";
import { clientOf, known, knownOfEmbedding, knownOfText } from "./checked-options.ts";
import type { OpenAiClient } from "./client.ts";
import { readEmbeddings } from "./embedding.ts";
import { failure } from "./failure.ts";
import { embeddingFacts } from "./known-models.ts";
import type { OpenAiOptions, OpenAiProvider } from "./options.ts";

const ownHost = "api.openai.com";
/** Deadlines are the kit's: this is only so that the client has none of its own. */
const never = 2_147_483_647;

/**
 * Models of OpenAI, or of a server that speaks its language. Connects to nothing. The client's own retries are off: the job retries.
 *
 * @example
 * const { embedding } = openai();
 * const model = embedding("text-embedding-3-small", { dimensions: 512 });
 *
 * @throws `OPTION_INVALID`; `MODEL_MOCK_REFUSED` in production without a key.
 */
export function openai(options: OpenAiOptions = {}): OpenAiProvider {
  knownOnly(options, known, "openai");
  const { mock: policy, timeout, idleTimeout, clock } = options;
  const given = clientOf(options.client);
  // What is in the environment is for a client that is made here.
  const env: NodeJS.ProcessEnv = given ? {} : process.env;
  const apiKey =
    keyOf(options.apiKey, "openai.apiKey") ??
    (options.apiKey === undefined ? keyOf(env.OPENAI_API_KEY, "OPENAI_API_KEY") : undefined);
  const baseURL =
    addressOf(options.baseURL, "openai.baseURL", "https://host/v1") ??
    addressOf(env.OPENAI_BASE_URL?.trim() || undefined, "OPENAI_BASE_URL", "https://host/v1");
  // A server on one's own machine may want no key: whoever names an address means it.
  const isMock =
    given === undefined &&
    isToBeMock({
      provider: "openai",
      variable: "OPENAI_API_KEY",
      apiKey,
      policy: policy ?? (baseURL === undefined ? undefined : "never"),
    });
  const client = given ?? makeClient(apiKey ?? "none", baseURL);
  // A client of the caller's has a key of its own.
  const ownKey = given === undefined ? apiKey : (apiKey ?? textOf(peek(given, "apiKey")));
  const secrets = [apiKey, textOf(peek(client, "apiKey")), process.env.OPENAI_API_KEY];
  const host = hostOf(client.baseURL);
  const common = (model: string): ModelOptions => ({
    ...{
      provider: "openai",
      model: named(model),
      host,
      isMock,
      credential: credentialWord(client, ownKey),
      failure,
      timeout,
      idleTimeout,
      clock,
    },
    secrets: secrets.filter((secret) => secret !== undefined && secret.trim() !== "") as readonly string[],
  });
  return {
    embedding(model, given = {}) {
      knownOnly(given, knownOfEmbedding, "openai.embedding");
      const { dimensions } = given;
      const facts = embeddingFacts(named(model), dimensions);
      const settings = {
        ...common(model),
        space: spaceOf(given.space, "openai.embedding.space"),
        dimensions: facts.dimensions,
        limits: facts.limits,
        send: async (input: readonly string[], exchange: Exchange) =>
          readEmbeddings(
            await heard(
              exchange,
              // Asked for by name, the client leaves the answer as it is: what a server makes of it is seen here.
              client.embeddings.create(
                { model, input, encoding_format: "base64", ...(dimensions !== undefined && { dimensions }) } as never,
                sent(exchange),
              ),
            ),
          ),
      };
      return embeddingModel(isMock ? mockEmbedding(settings) : settings);
    },
    text(model, given = {}) {
      knownOnly(given, knownOfText, "openai.text");
      const isOwn = host === ownHost;
      const { completions } = client.chat;
      const settings = {
        ...common(model),
        maxTokens: tokensOf(given.maxTokens, "openai.text.maxTokens"),
        contextTokens: tokensOf(given.contextTokens, "openai.text.contextTokens"),
        features: { stream: true, object: isOwn ? "enforced" : "asked" } as const,
        send: async (request: WireRequest, exchange: Exchange) =>
          readChat(await heard(exchange, completions.create(chatBody(model, request, isOwn) as never, sent(exchange)))),
        open: async (request: WireRequest, exchange: Exchange) => {
          const body = { ...chatBody(model, request, isOwn), stream: true, stream_options: { include_usage: true } };
          const { data, request_id } = await heard(exchange, completions.create(body as never, sent(exchange)));
          return pieces(data as AsyncIterable<unknown>, request_id ?? undefined);
        },
      };
      return textModel(isMock ? mockText(settings) : settings);
    },
    image(model, given?: unknown) {
      noOptions(given, "openai.image");
      const settings = {
        ...common(model),
        features: { maxCount: model.startsWith("dall-e-3") ? 1 : 10 },
        send: async ({ prompt, count, size }: WireImageRequest, exchange: Exchange) => {
          // Newer models answer with data anyway, and refuse to be asked for it.
          const form = model.startsWith("dall-e") ? { response_format: "b64_json" } : {};
          const body = { model, prompt, n: count, ...(size !== undefined && { size }), ...form };
          const { data, request_id } = await heard(exchange, client.images.generate(body as never, sent(exchange)));
          const answer = answerOf(data);
          const list = peek(answer, "data");
          const usage = peek(answer, "usage");
          return {
            images: (Array.isArray(list) ? list : []).map((one: unknown) =>
              Uint8Array.from(Buffer.from(textOf(peek(one, "b64_json")) ?? "", "base64")),
            ),
            inputTokens: numberOf(peek(usage, "input_tokens")),
            outputTokens: numberOf(peek(usage, "output_tokens")),
            requestId: request_id ?? undefined,
          };
        },
      };
      return imageModel(isMock ? mockImage(settings) : settings);
    },
  };
}

async function* pieces(
  stream: AsyncIterable<unknown>,
  requestId: string | undefined,
): AsyncGenerator<ReturnType<typeof readPiece>> {
  if (requestId !== undefined) yield { requestId };
  for await (const chunk of stream) yield readPiece(chunk);
}

/** The answer; what its headers say of limits is handed on. */
async function heard(exchange: Exchange, answered: ReturnType<OpenAiClient["embeddings"]["create"]>) {
  const answer = await answered.withResponse();
  exchange.headers(headersOf(answer.response?.headers));
  return answer;
}

function sent({ signal, key }: Exchange): {
  signal: AbortSignal;
  maxRetries: number;
  timeout: number;
  idempotencyKey?: string;
} {
  return { signal, maxRetries: 0, timeout: never, ...(key !== undefined && { headers: { "Idempotency-Key": key } }) };
}

/** A server on one's own machine wants no key; the client wants one. */
function makeClient(apiKey: string, baseURL: string | undefined): OpenAiClient {
  return new OpenAI({
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    maxRetries: 0,
    timeout: never,
  }) as unknown as OpenAiClient;
}

function named(model: string): string {
  if (typeof model === "string" && model.trim() !== "") return model;
  throw new OptionInvalidError("openai model", "the name of a model", model);
}

function hostOf(baseURL: string): string {
  try {
    return new URL(baseURL).host;
  } catch {
    throw new OptionInvalidError("openai.client.baseURL", "an address like https://host/v1", shownOf(baseURL));
  }
}
