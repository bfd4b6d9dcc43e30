import type { PayloadLimits } from "./limits.ts";

/** What one UTF-16 unit of a string becomes at most: `\\u0000`. */
const bytesOfUnit = 6;
/** Quotes, and the comma or colon that follows; the mark of a string that begins with one. */
const bytesAround = 4;
/** The longest number, `-1.2345678901234567e-300`, is shorter. */
const bytesOfNumber = 30;

/**
 * Whether `canonicalJson` would certainly take the value, found without writing anything: a pessimist's estimate. After
 * a no it has to be asked, which counts exactly and says what is wrong.
 */
export function certainlyFits(value: unknown, limits: PayloadLimits): boolean {
  const left = { bytes: limits.bytes, nodes: limits.nodes };
  try {
    return fits(value, limits, left, 0);
  } catch {
    // A getter, or a proxy, that throws.
    return false;
  }
}

function fits(value: unknown, limits: PayloadLimits, left: { bytes: number; nodes: number }, depth: number): boolean {
  left.nodes -= 1;
  left.bytes -= typeof value === "string" ? value.length * bytesOfUnit + bytesAround : bytesOfNumber;
  if (left.nodes < 0 || left.bytes < 0) return false;
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "boolean";
  if (value === null) return true;
  if (depth === limits.depth) return false;
  if (Array.isArray(value)) {
    // Not `every`: it skips holes, which are no JSON.
    for (let index = 0; index < value.length; index++) if (!fits(value[index], limits, left, depth + 1)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;

  let keys = 0;
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    left.bytes -= name.length * bytesOfUnit + bytesAround;
    if (++keys > limits.keys || name === "__proto__" || name === "constructor" || !name.isWellFormed()) return false;
    if (field !== undefined && !fits(field, limits, left, depth + 1)) return false;
  }
  return left.bytes >= 0;
}
