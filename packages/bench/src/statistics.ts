/** The value below which this share of the sorted values lies, between neighbours in proportion. NaN for no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * How one side compares with another that was measured in the same rounds: the median of the ratios of each round.
 * What slows the machine down for a while slows both sides of a round, so this says more than a ratio of medians.
 * Rounds that only one side has do not count.
 */
export function pairedRatio(
  side: Rounds,
  base: Rounds,
): { readonly median: number; readonly rounds: readonly number[] } {
  const rounds: number[] = [];
  for (const [round, value] of side) {
    const other = base.get(round);
    if (other !== undefined) rounds.push(value / other);
  }
  return { median: median(rounds), rounds };
}

/** One number per round. */
export type Rounds = ReadonlyMap<number, number>;
