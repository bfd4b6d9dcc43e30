import { isToBeMock } from "@semel/ai/provider";
import { type Clock, type Duration, OptionInvalidError } from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import type { EnsureModelsOptions } from "./ensure-models.ts";
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

export function thinkOf(think: OllamaModelOptions["think"]): OllamaModelOptions["think"] {
  if (think === undefined || typeof think === "boolean" || ["low", "medium", "high"].includes(think)) return think;
  throw new OptionInvalidError("ollama.text.think", '"low", "medium", "high", true or false', think);
}

/** As Ollama takes it: it knows no days, and what is below zero is for ever. */
export function keepAliveOf(keepAlive: Duration | "forever" | undefined, option: string): string | number | undefined {
  if (keepAlive === undefined) return undefined;
  return keepAlive === "forever" ? -1 : `${toMs(keepAlive, option)}ms`;
}

export function clockOf(clock: Clock): Clock {
  const verbs: readonly (keyof Clock)[] = ["now", "monotonic", "timer"];
  if (verbs.every((verb) => typeof clock?.[verb] === "function")) return clock;
  throw new OptionInvalidError("ollama.clock", `a clock with ${verbs.join(", ")}`, clock);
}

export function fetchOf(fetch: OllamaOptions["fetch"]): OllamaOptions["fetch"] {
  if (fetch === undefined || typeof fetch === "function") return fetch;
  throw new OptionInvalidError("ollama.fetch", "a function like Node's fetch", fetch);
}

export function checkedEnsuring(options: EnsureModelsOptions): EnsureModelsOptions {
  knownOnly(options, ["signal", "timeout"], "ensureModels");
  const { signal, timeout } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionInvalidError("ensureModels.signal", "an AbortSignal", signal);
  if (timeout !== undefined) toMs(timeout, "ensureModels.timeout");
  return options;
}
