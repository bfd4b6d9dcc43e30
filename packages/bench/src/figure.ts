import { median, pairedRatio, type Rounds } from "./statistics.ts";

/** What a number has to be for the claim that rests on it to hold. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** `""`: nothing is claimed. `failed`: there is no number. */
export type Verdict = "ok" | "MISSED" | "failed" | "";

/** Two sides of one case, round by round. */
export interface Comparison {
  /** The other side. */
  readonly to: string;
  /** Median of the ratios of each round. */
  readonly ratio: number;
  readonly rounds: readonly number[];
  readonly target: Target | undefined;
  readonly verdict: Verdict;
}

/** One measured number, with what it was compared to. */
export interface Figure {
  /** What was measured: the case within the row. */
  readonly what: string;
  /** Whose number it is. */
  readonly side: string;
  readonly unit: "jobs/s" | "ms" | "bytes" | "MB" | "kB" | "";
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** As measured, a number a round, the warm-up left out. */
  readonly rounds: readonly number[];
  readonly target: Target | undefined;
  readonly verdict: Verdict;
  readonly comparisons: readonly Comparison[];
  /** Why there is no number. */
  readonly problem: string | undefined;
}

export interface FigureOptions {
  readonly unit: Figure["unit"];
  /** What the median itself has to be. */
  readonly target?: Target | undefined;
  /** Which sides to compare with, and what the ratio has to be. */
  readonly against?: readonly { readonly to: string; readonly rounds: Rounds; readonly target?: Target | undefined }[];
  readonly problem?: string | undefined;
}

/** Puts the numbers of one side together. */
export function figure(what: string, side: string, rounds: Rounds, options: FigureOptions): Figure {
  const values = [...rounds.values()];
  const middle = median(values);
  return {
    what,
    side,
    unit: options.unit,
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    rounds: values,
    target: options.target,
    verdict: verdictOf(middle, options.target),
    comparisons: (options.against ?? []).map(({ to, rounds: base, target }) => {
      const ratio = pairedRatio(rounds, base);
      return { to, ratio: ratio.median, rounds: ratio.rounds, target, verdict: verdictOf(ratio.median, target) };
    }),
    problem: options.problem,
  };
}

/** A number that was measured once. */
export const single = (what: string, side: string, value: number, options: FigureOptions): Figure =>
  figure(what, side, new Map([[1, value]]), options);

export function verdictOf(value: number, target: Target | undefined): Verdict {
  if (!target) return "";
  if (Number.isNaN(value)) return "failed";
  return ("atLeast" in target ? value >= target.atLeast : value <= target.atMost) ? "ok" : "MISSED";
}

/** Whether every claim that rests on these figures holds. */
export const allHold = (figures: readonly Figure[]): boolean =>
  figures.every((one) =>
    [one, ...one.comparisons].every(({ verdict }) => verdict !== "MISSED" && verdict !== "failed"),
  );
