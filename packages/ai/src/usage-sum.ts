import type { Usage } from "@semel/core";

/** Of several calls together; as certain as the least certain of them. */
export function sumOfUsage(usages: readonly Usage[]): Usage {
  let certainty: "actual" | "estimated" = "actual";
  let [inputTokens, outputTokens, cachedInputTokens] = [0, 0, 0];
  for (const usage of usages) {
    if (usage.certainty === "unknown") return usage;
    if (usage.certainty === "estimated") certainty = "estimated";
    inputTokens += usage.inputTokens;
    outputTokens += usage.outputTokens;
    cachedInputTokens += usage.cachedInputTokens ?? 0;
  }
  return { certainty, inputTokens, outputTokens, ...(cachedInputTokens > 0 ? { cachedInputTokens } : {}) };
}

/** Of a call that never was sent. */
export const nothingSpent: Usage & { readonly certainty: "actual" } = {
  certainty: "actual",
  inputTokens: 0,
  outputTokens: 0,
};
