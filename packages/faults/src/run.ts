import type { Figure } from "./figure.ts";
import type { Chance } from "./simulation/chance.ts";

/** `short` is part of `npm test`; `long` takes as long as it takes to be sure. */
export type Form = "short" | "long";

/** What a run is told, and where it leaves what has to be closed. */
export interface Setting {
  readonly form: Form;
  readonly seed: number;
  readonly chance: Chance;
  /** Says how far it is. */
  progress(text: string): void;
  /** Closed when the run ends, the latest first. */
  readonly resources: AsyncDisposableStack;
}

/** One kind of fault: what is done, and what must hold afterwards. */
export interface Run {
  readonly name: string;
  /** One line for `--list` and for docs/reliability.md. */
  readonly about: string;
  /** Too long for the short form. */
  readonly longOnly?: true;
  run(setting: Setting): Promise<readonly Figure[]>;
}

/** The size for a form. */
export const sized = <T>({ form }: Pick<Setting, "form">, sizes: { readonly short: T; readonly long: T }): T =>
  sizes[form];

export const range = (length: number): readonly number[] => Array.from({ length }, (_, n) => n);
