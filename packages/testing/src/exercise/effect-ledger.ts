/** Something that was done to the world outside. */
export interface Effect {
  /** What it is: `"charge"`. */
  readonly name: string;
  /** The key it was asked for under, if there was one. */
  readonly key: string | undefined;
  /** Whether it happened. `false`: its key was known, and whoever was asked did nothing. */
  readonly happened: boolean;
}

/** The world outside, as far as a test wants to know it: it remembers every effect, and forbids none. */
export interface EffectLedger {
  /** An effect happens, for the first time or again. Call it where your fake provider does its work. */
  record(name: string, key?: string): void;
  /** The same at a provider that honours keys: under one key it happens once. Answers whether it happened now. */
  honour(name: string, key: string): boolean;
  /** How many effects have happened; of one name, and under one key, where they are given. */
  count(name?: string, key?: string): number;
  /** Every effect that was asked for, in order. */
  readonly effects: readonly Effect[];
  /** Forgets everything, also which keys it knows. */
  clear(): void;
  /** Calls `listen` with each effect from now on. Answers how to stop that. */
  watch(listen: (effect: Effect) => void): () => void;
}

/**
 * A ledger to write effects into, outside of everything Semel knows.
 *
 * @example
 * const ledger = effectLedger();
 * const embed = processor(job, ({ payload, once }) =>
 *   once("embed", ({ key }) => {
 *     ledger.record("embed", key);
 *     return [0.1, 0.2];
 *   }),
 * );
 */
export function effectLedger(): EffectLedger {
  let effects: Effect[] = [];
  const known = new Set<string>();
  const listeners = new Set<(effect: Effect) => void>();
  const note = (effect: Effect): void => {
    effects.push(effect);
    for (const listen of listeners) listen(effect);
  };
  return {
    record: (name, key) => note({ name, key, happened: true }),
    honour(name, key) {
      const both = JSON.stringify([name, key]);
      const happened = !known.has(both);
      known.add(both);
      note({ name, key, happened });
      return happened;
    },
    count: (name, key) =>
      effects.filter(
        (effect) =>
          effect.happened && (name === undefined || effect.name === name) && (key === undefined || effect.key === key),
      ).length,
    get effects() {
      return effects;
    },
    clear() {
      effects = [];
      known.clear();
    },
    watch(listen) {
      listeners.add(listen);
      return () => void listeners.delete(listen);
    },
  };
}
