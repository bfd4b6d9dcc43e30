import { OptionInvalidError } from "../errors/option-invalid.ts";

type Unit = "ms" | "s" | "m" | "h" | "d";

/** A length of time with its unit: `"250ms"`, `"30s"`, `"15m"`, `"24h"`, `"7d"`. A bare number has no unit and does not compile. */
export type Duration = `${number}${Unit}`;

const unitMs: Record<Unit, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Longer than this (100 years) is a slip of the unit, not a wish. */
const longestMs = 100 * 365 * 86_400_000;

/**
 * Turns a {@link Duration} into milliseconds.
 * @throws `OPTION_INVALID` when it is no duration; `option` names the culprit in the message.
 */
export function toMs(value: Duration, option: string): number {
  const found = typeof value === "string" ? pattern.exec(value) : null;
  const ms = found ? Number(found[1]) * unitMs[found[2] as Unit] : Number.NaN;
  if (typeof value === "string" && /^\s*-/.test(value))
    throw new OptionInvalidError(option, "a duration of 0 or more: time does not run backwards", value);
  if (!found) throw new OptionInvalidError(option, 'a duration with a unit, such as "30s" or "5m"', value);
  if (ms > longestMs) throw new OptionInvalidError(option, "a duration of at most 100 years", value);
  return Math.round(ms);
}

/**
 * Checks a duration that arrives as text, from an environment variable for example.
 * @throws `OPTION_INVALID` when it has no number or no unit of `ms`, `s`, `m`, `h`, `d`.
 */
export function duration(text: string): Duration {
  toMs(text as Duration, "duration");
  return text as Duration;
}

/** A length of time as people read it: `840 ms`, `3.2 s`, `4.5 min`, `2.0 h`, `3.1 d`. */
export function readable(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${(ms / 60_000).toFixed(1)} min`;
  if (ms < 86_400_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(1)} d`;
}
