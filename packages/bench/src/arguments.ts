import { parseArgs } from "node:util";
import type { Form } from "./row.ts";

/** What was asked for on the command line. */
export interface Arguments {
  /** Rows by name; none means all. */
  readonly names: readonly string[];
  readonly form: Form;
  readonly list: boolean;
  readonly help: boolean;
  readonly profile: boolean;
  readonly only: string | undefined;
  readonly cases: string | undefined;
}

export const usage: string = `npm run bench [-- name …] [options]

  --list          the rows and what each measures
  --short         each row in about 20 seconds: whether something is badly off
  --full          larger numbers, more rounds
  --only <text>   only sides with this in their name
  --case <text>   only cases with this in their name
  --profile       of one row: runs Semel's side under Node's profiler and prints where the time went

Without names all rows are run, in less than 10 minutes. The figures go to packages/bench/out as well.
`;

/** @throws Error for options and combinations that there are not; its message is for the user. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      short: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      only: { type: "string" },
      case: { type: "string" },
    },
  });
  if (values.short && values.full) throw new Error("--short or --full, not both.");
  if (values.profile && positionals.length !== 1) throw new Error("--profile is of one row: name it.");
  const form: Form = values.short ? "short" : values.full ? "full" : "default";
  const { list, help, profile, only } = values;
  return { names: positionals, form, list, help, profile, only, cases: values.case };
}
