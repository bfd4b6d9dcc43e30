import type { Figure } from "./figure.ts";
import type { Progress } from "./progress.ts";

/** `short` says in seconds whether something is badly off; `full` takes its time. */
export type Form = "short" | "default" | "full";

/** What a row is told. */
export interface Bench {
  readonly form: Form;
  /** Only the side of this name or, where there is none, sides with this in their name: a profile is of one side. */
  readonly only: string | undefined;
  /** Only cases with this text in their name. */
  readonly cases: string | undefined;
  readonly progress: Progress;
}

/** A claim and how it is measured. */
export interface Row {
  readonly name: string;
  /** One line for `--list`. */
  readonly about: string;
  /** The side and the case that are profiled unless others are asked for. */
  readonly profiled: { readonly side: string; readonly what: string };
  run(bench: Bench): Promise<readonly Figure[]>;
}

/** Those of the named that were asked for. */
export function chosen<T extends { readonly name: string }>(all: readonly T[], only: string | undefined): readonly T[] {
  if (only === undefined) return all;
  const exact = all.filter(({ name }) => name === only);
  return exact.length > 0 ? exact : all.filter(({ name }) => name.includes(only));
}

/** How long one case may go on; see `interleave`. Milliseconds. */
export const patience = (form: Form): number =>
  sized(form, { short: 5_000, default: 30_000, full: Number.POSITIVE_INFINITY });

/** The size for a form. */
export const sized = <T>(form: Form, sizes: { readonly short: T; readonly default: T; readonly full?: T }): T =>
  sizes[form] ?? sizes.default;
