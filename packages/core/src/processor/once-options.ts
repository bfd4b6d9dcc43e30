import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import type { Json } from "../job/json.ts";
import type { Effect } from "./context.ts";

/** What `once` may be told beside its name and its effect. */
export interface OnceOptions<T = unknown> {
  /** Tells apart several steps of one name, in a loop for example. */
  readonly key?: string | number | undefined;
  /** What the step depends on. If it changed since the step was memoised, that is `STEP_CONFLICT`. */
  readonly input?: Json | undefined;
  /**
   * What to do when an earlier attempt began the step and it is not on record how that went: its worker died or lost
   * touch, or the effect failed in a way that leaves open whether it happened.
   *
   * - `"retry"` runs it again, with the same `key`. Right for calls that may be repeated, and for those who honour the key.
   * - `"halt"` never runs it again: the job is dead-lettered as `UNCERTAIN_EFFECT`, for a person to decide. The effect
   *   happens at most once. A failure of the effect halts at once, unless `isUndone` says that nothing happened.
   * - A function asks the outside world and answers a {@link Finding}. What it throws fails the attempt and leaves the
   *   step as it is: the next attempt asks again.
   *
   * A function is only as good as its answer: before it says `absent`, the effect must not be under way any more. Hand the
   * effect's `signal` on, which fires before the lease can end, and wait out what the other side may still be busy with;
   * `since` says when it was begun.
   *
   * Default: `"retry"`.
   */
  readonly onUncertain?: "retry" | "halt" | Verify<T> | undefined;
  /**
   * Whether a failure says for certain that the effect did not happen: a connection that was refused, an open breaker. The
   * step counts as never begun then. One that throws is as good as `false`. Default: no failure says so.
   */
  readonly isUndone?: ((error: unknown) => boolean) | undefined;
  /**
   * The largest value the step may answer, in bytes as stored. More than the store takes is refused before anything runs
   * (`OPTION_INVALID`); a larger value is `STEP_VALUE_TOO_LARGE`, and the effect is not repeated for it. Default: what the
   * store takes, 262,144 with every store of Semel's.
   */
  readonly maxBytes?: number | undefined;
}

/** Asks the outside world what became of an effect. It gets the `key` the effect had. */
export type Verify<T> = (effect: UncertainEffect) => Promise<Finding<T>> | Finding<T>;

/** An effect that an earlier attempt began and never said how it ended. */
export interface UncertainEffect extends Effect {
  /** When it was begun, by the store's clock. */
  readonly since: Date;
}

/** What became of an uncertain effect. */
export type Finding<T> =
  /** It happened, and this is what it answered: recorded as the step's value. Nothing runs. */
  | { readonly is: "found"; readonly value: T }
  /** It did not happen and is not under way any more: the step runs, with the same key. */
  | { readonly is: "absent" }
  /** It cannot be told: the job is dead-lettered as `UNCERTAIN_EFFECT`, as with `"halt"`. */
  | { readonly is: "unknown" };

const knownOptions: readonly (keyof OnceOptions)[] = ["key", "input", "onUncertain", "isUndone", "maxBytes"];

/**
 * Before anything runs.
 * @param mostBytes what the store takes
 * @throws `OPTION_INVALID`
 */
export function checkOnceOptions(options: OnceOptions, mostBytes: number): void {
  const check = (holds: boolean, option: keyof OnceOptions, expected: string): void => {
    if (!holds) throw new OptionInvalidError(`once(…, { ${option} })`, expected, options[option]);
  };
  knownOnly(options, knownOptions, "once");
  const { key, onUncertain, isUndone, maxBytes } = options;
  check(key === undefined || String(key).length <= 200, "key", "at most 200 characters");
  check(
    onUncertain === undefined || ["retry", "halt"].includes(onUncertain as string) || typeof onUncertain === "function",
    "onUncertain",
    '"retry", "halt" or a function that asks the outside world',
  );
  check(isUndone === undefined || typeof isUndone === "function", "isUndone", "a function");
  check(
    maxBytes === undefined || (Number.isSafeInteger(maxBytes) && maxBytes >= 1 && maxBytes <= mostBytes),
    "maxBytes",
    `a whole number from 1 to ${mostBytes}, the most this store takes`,
  );
}
