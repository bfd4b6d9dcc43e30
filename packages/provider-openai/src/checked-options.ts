import { peek } from "@semel/ai/provider";
import { OptionInvalidError } from "@semel/core";
import type { OpenAiClient } from "./client.ts";
import type { OpenAiEmbeddingOptions, OpenAiModelOptions, OpenAiOptions } from "./options.ts";

export const known: readonly (keyof OpenAiOptions)[] = [
  ...(["apiKey", "baseURL", "client", "mock", "timeout", "idleTimeout", "clock"] as const),
];
export const knownOfText: readonly (keyof OpenAiModelOptions)[] = ["maxTokens", "contextTokens"];
export const knownOfEmbedding: readonly (keyof OpenAiEmbeddingOptions)[] = ["dimensions", "space"];

const needed = "an OpenAI client, with baseURL, embeddings.create, chat.completions.create and images.generate";

/** A client of the user's. @throws `OPTION_INVALID` where it lacks what is needed of one */
export function clientOf(client: OpenAiClient | undefined): OpenAiClient | undefined {
  if (client === undefined) return undefined;
  const verbs = [
    peek(peek(client, "embeddings"), "create"),
    peek(peek(peek(client, "chat"), "completions"), "create"),
    peek(peek(client, "images"), "generate"),
  ];
  if (typeof peek(client, "baseURL") === "string" && verbs.every((verb) => typeof verb === "function")) return client;
  throw new OptionInvalidError("openai.client", needed, client);
}
