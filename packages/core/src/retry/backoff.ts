import { OptionInvalidError } from "../errors/option-invalid.ts";
import { type Duration, toMs } from "../runtime/duration.ts";

/** `full`: anywhere up to the step. `equal`: half of it, plus anywhere up to the other half. */
export type Jitter = "full" | "equal";

export interface RetryOptions {
  /** Executions in all, including the first; crashes and deferrals are not counted. Default: 5. */
  readonly maxAttempts?: number | undefined;
  /** The step after the first failure; it doubles with each further one. Default: `"1s"`. */
  readonly base?: Duration | undefined;
  /** No step is longer. Default: `"5m"`. */
  readonly cap?: Duration | undefined;
  /** Default: `"full"`. */
  readonly jitter?: Jitter | undefined;
}

/** {@link RetryOptions} with the defaults filled in. */
export interface BackoffPolicy {
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  readonly jitter: Jitter;
}

export function backoffPolicy(options: RetryOptions = {}, at = "retry"): BackoffPolicy {
  const { maxAttempts = 5, base = "1s", cap = "5m", jitter = "full" } = options;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1)
    throw new OptionInvalidError(`${at}.maxAttempts`, "a whole number from 1", maxAttempts);
  if (jitter !== "full" && jitter !== "equal")
    throw new OptionInvalidError(`${at}.jitter`, '"full" or "equal"', jitter);
  return { maxAttempts, baseMs: toMs(base, `${at}.base`), capMs: toMs(cap, `${at}.cap`), jitter };
}

/** The longest wait after failure number `failures` (from 1): `min(cap, base × 2^(failures − 1))`. Never overflows. */
export function stepMs(policy: BackoffPolicy, failures: number): number {
  // 2^1023 is the last finite power; the cap is far below.
  return Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(1023, Math.max(0, failures - 1)));
}

/**
 * How long to wait after failure number `failures`.
 *
 * Jitter after "Exponential Backoff And Jitter" (AWS Architecture Blog): *full* does the least work in total, *equal*
 * is never short. A hint from the server is a floor that jitter only ever adds to, up to 10 %.
 *
 * @param random uniform in [0, 1).
 * @param hintMs what the server asked for (`Retry-After`).
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: () => number, hintMs?: number): number {
  if (hintMs !== undefined && hintMs > 0) return Math.ceil(hintMs * (1 + random() * 0.1));
  const step = stepMs(policy, failures);
  return Math.round(policy.jitter === "full" ? random() * step : step / 2 + (random() * step) / 2);
}
