const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `"3 min"`, `"2 d"`: whole, of the largest unit that fits. */
export function span(ms: number): string {
  for (const [unit, size] of units) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return "0 s";
}

/** `"3 min ago"`, `"in 2 h"`. */
export const ago = (at: Date, now: number): string => {
  const ms = now - at.getTime();
  return ms >= 0 ? `${span(ms)} ago` : `in ${span(-ms)}`;
};
