import { setTimeout as sleep } from "node:timers/promises";
import { withCrashes } from "./crash.ts";
import { type Bench, chosen } from "./row.ts";
import type { Rounds } from "./statistics.ts";

/** One way to do the work. */
export interface Side<T> {
  readonly name: string;
  /** Does it once, in a place of its own, and says what was measured. */
  measure(round: number): Promise<T>;
}

/** What one side came to. */
export interface Measured<T> {
  readonly name: string;
  /** By round; the warm-up is left out. */
  readonly rounds: ReadonlyMap<number, T>;
  /** Why it was given up. What was measured before stays. */
  readonly problem: string | undefined;
}

export interface InterleaveOptions {
  /** Rounds that count; one more comes before them to warm up. */
  readonly rounds: number;
  /**
   * After this time no further round begins, if three are there that count: a machine that is busy elsewhere measures
   * less, not for ever. Milliseconds. Default: no end.
   */
  readonly patienceMs?: number | undefined;
  /** Longer than this and a side has failed. Default: 120,000 ms. */
  readonly timeoutMs?: number | undefined;
  /** Leaves the place clean for whoever comes next; not measured. */
  readonly between?: (() => Promise<void>) | undefined;
}

/** That count, in spite of all impatience. */
const fewestRounds = 3;

/**
 * Measures all sides in turn, round by round, so that what happens to the machine happens to all of them. Each round
 * begins with another side. A side that fails is left out from then on and takes nothing from the others.
 */
export async function interleave<T>(
  bench: Bench,
  what: string,
  sides: readonly Side<T>[],
  { rounds, patienceMs = Number.POSITIVE_INFINITY, timeoutMs = 120_000, between }: InterleaveOptions,
): Promise<readonly Measured<T>[]> {
  const taken = chosen(sides, bench.only);
  const measured = taken.map(({ name }) => ({
    name,
    rounds: new Map<number, T>(),
    problem: undefined as string | undefined,
  }));
  bench.progress.begin(what);
  const started = performance.now();
  for (let round = 0; round <= rounds; round += 1) {
    if (round > fewestRounds && performance.now() - started > patienceMs) break;
    for (let turn = 0; turn < taken.length; turn += 1) {
      const at = (turn + round) % taken.length;
      const side = taken[at] as Side<T>;
      const kept = measured[at] as (typeof measured)[number];
      if (kept.problem !== undefined) continue;
      bench.progress.at(`round ${round} of ${rounds}: ${side.name}`);
      try {
        const value = await withTimeout(
          withCrashes(() => side.measure(round)),
          timeoutMs,
        );
        if (round > 0) kept.rounds.set(round, value);
      } catch (error) {
        kept.problem = problemOf(error);
        bench.progress.note(`${what}: ${side.name} failed: ${kept.problem}`);
      }
      await between?.();
    }
  }
  return measured;
}

/** One number out of what was measured, by round. */
export const pick = <T>(measured: Measured<T>, number: (value: T) => number): Rounds =>
  new Map([...measured.rounds].map(([round, value]) => [round, number(value)]));

/** The rounds of a side by its name; none if it was not measured. */
export const roundsOf = <T>(all: readonly Measured<T>[], name: string, number: (value: T) => number): Rounds => {
  const one = all.find((side) => side.name === name);
  return one ? pick(one, number) : new Map();
};

/** What an error says, on one line; of an error that stands for others, what they say. */
export function problemOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(problemOf).join("; ");
  const text = error instanceof Error ? error.message : String(error);
  return text.split(/\s*\n\s*/, 3).join(" ");
}

async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`it took longer than ${ms / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}
