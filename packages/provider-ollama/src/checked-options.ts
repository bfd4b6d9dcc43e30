import { isToBeMock } from "@semel/ai/provider";
import { type Duration, OptionInvalidError } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import { named, shortName } from "./model-name.ts";
import type { OllamaEmbeddingOptions, OllamaModelOptions, OllamaOptions } from "./options.ts";

export const known: readonly (keyof OllamaOptions)[] = [
  ...(["host", "headers", "models", "pull", "fetch", "timeout", "idleTimeout", "clock", "mock"] as const),
];
export const knownOfText: readonly (keyof OllamaModelOptions)[] = ["maxTokens", "contextTokens", "keepAlive", "think"];
export const knownOfEmbedding: readonly (keyof OllamaEmbeddingOptions)[] = [
  ...(["dimensions", "contextTokens", "keepAlive", "space"] as const),
];

export function isMade(mock: NonNullable<OllamaOptions["mock"]>): boolean {
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

export function listed(models: readonly string[] | undefined): readonly string[] | undefined {
  if (models === undefined) return undefined;
  if (!Array.isArray(models) || models.length === 0)
    throw new OptionInvalidError("ollama.models", "a list of at least one model", models);
  return [...new Map(models.map((model) => [shortName(named(model, "ollama.models")), model])).values()];
}

export function tokens(count: number | undefined, option: string): number | undefined {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return count;
  throw new OptionInvalidError(option, "a whole number of tokens from 1", count);
}

/** As Ollama takes it: it knows no days, and what is below zero is for ever. */
export function keepAliveOf(keepAlive: Duration | "forever" | undefined): string | number | undefined {
  if (keepAlive === undefined) return undefined;
  return keepAlive === "forever" ? -1 : `${toMs(keepAlive, "keepAlive")}ms`;
}
