/** Longer than this nobody waits without asking again. */
export const longestHintMs = 3_600_000;

/**
 * How long a server asks to be left alone: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3). What is
 * past, negative or no time is no hint. At most one hour.
 *
 * @param header answers a header by its name in small letters
 */
export function retryAfterMs(header: (name: string) => string | undefined, now: number): number | undefined {
  const ms = Number(header("retry-after-ms") ?? Number.NaN);
  if (ms > 0) return Math.min(ms, longestHintMs);
  const text = header("retry-after")?.trim();
  if (text === undefined) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return wait > 0 ? Math.min(wait, longestHintMs) : undefined;
}
