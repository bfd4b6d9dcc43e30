import { seededRandom } from "@semel/testing";

/** What is left to chance. The same seed, the same chances. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
  /** True so often. */
  happens(probability: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  oneOf<T>(values: readonly [T, ...T[]]): T;
  /** The same, in another order. */
  shuffled<T>(values: readonly T[]): T[];
}

export function chance(seed: number): Chance {
  const next = seededRandom(seed);
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    happens: (probability) => next() < probability,
    between,
    oneOf: (values) => values[between(0, values.length - 1)] ?? values[0],
    shuffled(values) {
      const all = [...values];
      for (let last = all.length - 1; last > 0; last--) {
        const at = between(0, last);
        [all[last], all[at]] = [all[at] as (typeof all)[number], all[last] as (typeof all)[number]];
      }
      return all;
    },
  };
}
