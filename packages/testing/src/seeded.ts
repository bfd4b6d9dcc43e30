/** Chance that repeats itself: the same seed, the same numbers, uniform in [0, 1). Mulberry32, by Tommy Ettinger. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ids that repeat themselves: `id-1`, `id-2` … */
export function countedIds(prefix = "id"): () => string {
  let count = 0;
  return () => `${prefix}-${++count}`;
}
