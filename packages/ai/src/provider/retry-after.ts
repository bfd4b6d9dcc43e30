import type { FailureFacts } from "./failure-facts.ts";

/** Longer than this nobody waits without asking again. */
const longestMs = 3_600_000;

/**
 * How long the provider asks to be left alone: `retry-after-ms`, then `retry-after` in seconds or as an HTTP date, then what the
 * adapter found elsewhere. What is past, negative or no time is no hint. At most an hour.
 */
export function retryAfterMs({ headers, retryAfterMs: own }: FailureFacts, now: number): number | undefined {
  const hint = byMs(headers?.get("retry-after-ms")) ?? bySeconds(headers?.get("retry-after"), now) ?? own;
  return hint !== undefined && hint > 0 ? Math.min(longestMs, Math.ceil(hint)) : undefined;
}

function byMs(text: string | null | undefined): number | undefined {
  const ms = Number(text ?? Number.NaN);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function bySeconds(text: string | null | undefined, now: number): number | undefined {
  if (text === null || text === undefined) return undefined;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
