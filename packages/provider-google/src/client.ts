import { GoogleGenAI } from "@google/genai";
import { peek } from "@semel/ai/provider";

type Ask = (request: never) => Promise<unknown>;

/** What is needed of a `GoogleGenAI` client, of whichever version, for the Gemini API or for Vertex AI: no class, and none of its types. */
export interface GoogleClient {
  /** Its answers come from Vertex AI. */
  readonly vertexai?: boolean | undefined;
  readonly models: {
    readonly embedContent: Ask;
    readonly generateContent: Ask;
    readonly generateContentStream: (request: never) => Promise<AsyncIterable<unknown>>;
    /** For Imagen only; Google means to take it away. */
    readonly generateImages?: Ask | undefined;
  };
}

/** A client for the Gemini API, whatever the environment says of Vertex AI. */
export function makeClient(apiKey: string, baseURL: string | undefined): GoogleClient {
  const where = baseURL === undefined ? {} : { httpOptions: { baseUrl: baseURL } };
  return quietly(() => new GoogleGenAI({ apiKey, vertexai: false, ...where }));
}

/**
 * Begins something without what the client prints meanwhile: that two keys are in the environment, although it was given one; that Imagen will go.
 * Only until `begin` returns, so that nobody else's warning is lost.
 */
export function quietly<T>(begin: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return begin();
  } finally {
    console.warn = warn;
  }
}

/** Host and port; of a client that does not say, Google's own. */
export function hostOf(client: GoogleClient): string {
  const inner = peek(client, "apiClient");
  const ask = peek(inner, "getBaseUrl");
  const said: unknown = typeof ask === "function" ? Reflect.apply(ask, inner, []) : undefined;
  if (typeof said === "string" && URL.canParse(said)) return new URL(said).host;
  return client.vertexai === true ? "aiplatform.googleapis.com" : "generativelanguage.googleapis.com";
}
