import type { Usage } from "@semel/core";

/** A request's usage, shared out by weight. The parts add up to the whole, to the last token. */
export function shares(usage: Usage, weights: readonly number[]): readonly Usage[] {
  if (usage.certainty === "unknown") return weights.map(() => usage);
  const total = weights.reduce((sum, weight) => sum + weight, 0) || weights.length;
  let [weighed, given] = [0, 0];
  return weights.map((weight) => {
    weighed += total === weights.length && weight === 0 ? 1 : weight;
    // What is due so far, less what was given so far: rounding never piles up.
    const due = Math.round((usage.inputTokens * weighed) / total);
    const inputTokens = due - given;
    given = due;
    return { certainty: usage.certainty, inputTokens, outputTokens: 0 };
  });
}
