import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { Form } from "./run.ts";

/** What was asked for on the command line. */
export interface Arguments {
  /** Runs by name; none means all of the form. */
  readonly names: readonly string[];
  readonly form: Form;
  readonly seed: number;
  /** Runs under way at a time: most of them wait for leases most of the time. */
  readonly together: number;
  readonly list: boolean;
  readonly help: boolean;
}

export const usage: string = `npm run test:faults [-- name …] [options]

  --list           the runs and what each does
  --long           more of everything, and the runs that are too long for every day
  --seed <n>       repeats what is left to chance: a run prints its seed
  --together <n>   runs under way at a time; default: 3, with --long 1

Without names all runs are done, the short form in about a minute and a half. Figures go to packages/faults/out as well.
It ends with 1 if a promise does not hold.
`;

/** @throws Error for options that there are not; its message is for the user. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      long: { type: "boolean", default: false },
      seed: { type: "string" },
      together: { type: "string" },
    },
  });
  const { list, help, long } = values;
  const form: Form = long ? "long" : "short";
  const seed = values.seed === undefined ? randomInt(1_000_000) : wholeNumber("--seed", values.seed);
  const together =
    values.together === undefined ? (long ? 1 : 3) : Math.max(1, wholeNumber("--together", values.together));
  return { names: positionals, form, seed, together, list, help };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${option}: expected a whole number, got ${JSON.stringify(text)}.`);
}
