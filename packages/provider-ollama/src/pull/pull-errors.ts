import { ModelError } from "@semel/core";
import type { Asker } from "./asker.ts";

const nothingSpent = { certainty: "actual", inputTokens: 0, outputTokens: 0 } as const;

/** The model will be there: later, and without an attempt being burned. */
export const preparing = ({ model, host }: Asker, what: string, retryAfterMs: number, cause?: ModelError): ModelError =>
  new ModelError("MODEL_PREPARING", `ollama ${model}: ${what}`, {
    ...{ provider: "ollama", model, usage: nothingSpent },
    ...{ failureClass: "defer", isRetryable: true, retryAfterMs },
    details: { host },
    ...(cause && { cause }),
  });

/** What should pull the model does not answer as an Ollama does. */
export const noPull = ({ model, host }: Asker, what: string, retryAfterMs: number, cause: ModelError): ModelError =>
  new ModelError("MODEL_ANSWER_INVALID", `ollama ${model}: ${what}`, {
    ...{ provider: "ollama", model, usage: nothingSpent, cause },
    ...{ failureClass: "retry", isRetryable: true, retryAfterMs },
    details: { host },
  });

/** The model is not there, and will not be. */
export const missing = (
  { model, host }: Pick<Asker, "model" | "host">,
  what: string,
  more: { readonly cause?: ModelError | undefined; readonly details?: Readonly<Record<string, unknown>> } = {},
): ModelError =>
  new ModelError("MODEL_UNKNOWN", `ollama ${model}: ${what}`, {
    ...{ provider: "ollama", model, usage: nothingSpent, failureClass: "fail" },
    details: { host, ...more.details },
    ...(more.cause && { cause: more.cause }),
  });

export const tooLarge = (asker: Asker, totalBytes: number): ModelError =>
  missing(asker, `it has ${sizeOf(totalBytes)}, and pull.maxBytes allows ${sizeOf(asker.settings.maxBytes)}`, {
    details: { totalBytes, maxBytes: asker.settings.maxBytes },
  });

/** As people read it: `815 kB`, `4.7 GB`. */
export function sizeOf(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
