import { type Duration, OptionInvalidError } from "@semel/core";
import { toMs } from "@semel/core/adapter";

/** When a breaker opens, and how it closes again. */
export interface BreakerOptions {
  /** How far back it looks. Default: `"60s"`. */
  readonly window?: Duration | undefined;
  /** Fewer calls than this within the window open nothing. Default: 10. */
  readonly leastCalls?: number | undefined;
  /** Opens when this part of the calls failed. Default: 0.5. */
  readonly failures?: number | undefined;
  /** Opens when this part of the calls was slow, or failed. Default: 0.8. */
  readonly slow?: number | undefined;
  /** A call that took longer was slow. Default: `"60s"`. */
  readonly slowAfter?: Duration | undefined;
  /** How long it stays open the first time, ± 20 %; twice as long each further time in a row. Default: `"30s"`. */
  readonly open?: Duration | undefined;
  /** It stays open no longer than this, ± 20 %. Default: `"5m"`. */
  readonly longestOpen?: Duration | undefined;
  /** Trials when that time is over. All of them must succeed. Default: 3. */
  readonly trials?: number | undefined;
  /** A trial that takes longer has failed. Default: `"60s"`. */
  readonly trialDeadline?: Duration | undefined;
}

/** {@link BreakerOptions} with the defaults filled in. */
export interface BreakerRules {
  readonly windowMs: number;
  readonly leastCalls: number;
  readonly failures: number;
  readonly slow: number;
  readonly slowAfterMs: number;
  readonly openMs: number;
  readonly longestOpenMs: number;
  readonly trials: number;
  readonly trialDeadlineMs: number;
}

/** @throws `OPTION_INVALID` */
export function breakerRules(options: BreakerOptions = {}): BreakerRules {
  const { leastCalls = 10, failures = 0.5, slow = 0.8, trials = 3 } = options;
  return {
    windowMs: positive("breaker.window", toMs(options.window ?? "60s", "breaker.window")),
    leastCalls: whole("breaker.leastCalls", leastCalls),
    failures: part("breaker.failures", failures),
    slow: part("breaker.slow", slow),
    slowAfterMs: toMs(options.slowAfter ?? "60s", "breaker.slowAfter"),
    openMs: positive("breaker.open", toMs(options.open ?? "30s", "breaker.open")),
    longestOpenMs: positive("breaker.longestOpen", toMs(options.longestOpen ?? "5m", "breaker.longestOpen")),
    trials: whole("breaker.trials", trials),
    trialDeadlineMs: positive("breaker.trialDeadline", toMs(options.trialDeadline ?? "60s", "breaker.trialDeadline")),
  };
}

function positive(option: string, ms: number): number {
  if (ms > 0) return ms;
  throw new OptionInvalidError(option, "a duration above 0", ms);
}

function whole(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new OptionInvalidError(option, "a whole number from 1", value);
}

function part(option: string, value: number): number {
  if (value > 0 && value <= 1) return value;
  throw new OptionInvalidError(option, "a part above 0 and at most 1", value);
}
