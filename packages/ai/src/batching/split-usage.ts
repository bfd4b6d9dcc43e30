import type { Usage } from "@semel/core";

/** Splits a number in proportion to weights, into whole numbers that sum up to it. Without weights, evenly. */
export function splitWhole(whole: number, weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let [seen, given] = [0, 0];
  return weights.map((weight) => {
    // What is due up to here, less what is given already: rounding never adds up to more or less than the whole.
    seen += all > 0 ? weight / all : 1 / weights.length;
    const due = Math.round(whole * Math.min(1, seen)) - given;
    given += due;
    return due;
  });
}

/** What each part of a request has cost, by the tokens of the parts. The parts sum up to the whole exactly. */
export function splitUsage(usage: Usage, weights: readonly number[]): readonly Usage[] {
  if (usage.certainty === "unknown") return weights.map(() => usage);
  const { certainty, cachedInputTokens } = usage;
  const input = splitWhole(usage.inputTokens, weights);
  const output = splitWhole(usage.outputTokens, weights);
  const cached = cachedInputTokens === undefined ? undefined : splitWhole(cachedInputTokens, weights);
  return weights.map((_, at) => ({
    certainty,
    inputTokens: input[at] as number,
    outputTokens: output[at] as number,
    ...(cached ? { cachedInputTokens: cached[at] as number } : {}),
  }));
}
