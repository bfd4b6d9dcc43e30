import { peek } from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import type { GoogleClient } from "./client.ts";
import type { GoogleEmbeddingOptions, GoogleModelOptions, GoogleOptions } from "./options.ts";

export const known: readonly (keyof GoogleOptions)[] = [
  ...(["apiKey", "baseURL", "client", "mock", "timeout", "idleTimeout", "clock"] as const),
];
export const knownOfText: readonly (keyof GoogleModelOptions)[] = ["maxTokens", "contextTokens"];
export const knownOfEmbedding: readonly (keyof GoogleEmbeddingOptions)[] = ["dimensions", "space"];

const verbs = ["embedContent", "generateContent", "generateContentStream"];

/** A client of the user's. @throws `OPTION_INVALID` where it lacks what is needed of one */
export function clientOf(client: GoogleClient | undefined): GoogleClient | undefined {
  if (client === undefined) return undefined;
  const models = peek(client, "models");
  if (verbs.every((verb) => typeof peek(models, verb) === "function")) return client;
  const needed = verbs.map((verb) => `models.${verb}`).join(", ");
  throw new OptionInvalidError("google.client", `a GoogleGenAI client, with ${needed}`, client);
}
