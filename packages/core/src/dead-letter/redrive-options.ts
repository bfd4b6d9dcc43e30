import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import type { RedriveProgress } from "./redrive-plan.ts";

interface How {
  /** `"fresh"` runs, and pays for, finished steps again. Default: `"keep"`. */
  readonly steps?: "keep" | "fresh" | undefined;
  /** What becomes of letters whose type no living worker processes: they are refused, or come back and wait. Default: `"refuse"`. */
  readonly unattended?: "refuse" | "wait" | undefined;
}

/** What somebody found out about an uncertain step. */
export type RedriveFinding = { readonly is: "found"; readonly value: unknown } | { readonly is: "absent" };

/** How one letter's job is brought back. */
export interface RedriveOptions extends How {
  /**
   * Of a letter whose reason is `UNCERTAIN_EFFECT`: what somebody found out about the step in its `details`. `found` is
   * recorded as the step's value, which must be what the step would have answered; with `absent` the step runs again, with
   * the same key. Without it the redriven job asks the step's own policy again, and may halt once more.
   */
  readonly finding?: RedriveFinding | undefined;
}

/** How the letters of a plan are brought back. */
export interface RedriveRunOptions extends How {
  /** Jobs a second at most, so that what comes back does not crowd out what is new. Default: 10; at most 1,000. */
  readonly rate?: number | undefined;
  /** Nothing more is begun once it fires; what is under way is waited for. No error: the report says `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each letter. What it throws is reported as `hook.failed` and changes nothing. */
  readonly onProgress?: ((progress: RedriveProgress) => void) | undefined;
}

const defaultRate = 10;
const highestRate = 1_000;

const ofOne: readonly (keyof RedriveOptions)[] = ["steps", "unattended", "finding"];
const ofRun: readonly (keyof RedriveRunOptions)[] = ["rate", "steps", "unattended", "signal", "onProgress"];

interface CheckedHow {
  readonly steps: "keep" | "fresh";
  readonly unattended: "refuse" | "wait";
}

/** @throws `OPTION_INVALID`. */
export function checkRedriveOptions(
  options: RedriveOptions,
): CheckedHow & { readonly finding: RedriveFinding | undefined } {
  knownOnly(options, ofOne, "redrive");
  const { finding } = options;
  check(
    finding === undefined || finding?.is === "found" || finding?.is === "absent",
    "finding",
    '{ is: "found", value } or { is: "absent" }',
    finding,
  );
  return { ...checkHow(options), finding };
}

/** @throws `OPTION_INVALID`. */
export function checkRunOptions(options: RedriveRunOptions): CheckedHow & { readonly rate: number } {
  knownOnly(options, ofRun, "redrive");
  const { rate = defaultRate } = options;
  check(typeof rate === "number" && rate > 0 && rate <= highestRate, "rate", "a number over 0, at most 1,000", rate);
  return { ...checkHow(options), rate };
}

function checkHow({ steps = "keep", unattended = "refuse" }: How): CheckedHow {
  check(steps === "keep" || steps === "fresh", "steps", '"keep" or "fresh"', steps);
  check(unattended === "refuse" || unattended === "wait", "unattended", '"refuse" or "wait"', unattended);
  return { steps, unattended };
}

function check(holds: boolean, option: string, expected: string, got: unknown): void {
  if (!holds) throw new OptionInvalidError(`redrive.${option}`, expected, got);
}
