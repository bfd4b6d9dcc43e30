import { SemelError } from "../errors/semel-error.ts";

/**
 * A value on its way to the store: JSON, in which a `Float32Array` travels as the string `~f32:` plus base64 of its
 * bytes (little endian). A vector of 3,072 dimensions is 16 kB so, and 66 kB as numbers. A string that itself begins
 * with `~` gets a second one, so every value comes back as it went.
 */
export type StoredValue = string;

const mark = "~";
const vectorMark = "~f32:";

/** `undefined` has no JSON: a processor that returns nothing is stored as the empty string. */
const nothing: StoredValue = "";

export const encodeVector = (vector: Float32Array): string =>
  vectorMark + Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");

export const encodeText = (text: string): string => (text.startsWith(mark) ? mark + text : text);

/**
 * Encodes as `JSON.stringify` does (`toJSON` is honoured, functions and `undefined` fields vanish), but refuses what
 * JSON would damage in silence.
 * @throws Error for NaN, infinities, BigInt, cycles, typed arrays other than `Float32Array`, and what a `toJSON` throws.
 */
export function encodeValue(value: unknown): StoredValue {
  const encoded = JSON.stringify(value, (key, field: unknown) => {
    if (typeof field === "string") return encodeText(field);
    if (typeof field === "number" && !Number.isFinite(field))
      throw new Error(`${field} at "${key}" is not a JSON number`);
    if (field instanceof Float32Array) return encodeVector(field);
    if (ArrayBuffer.isView(field))
      throw new Error(
        `a ${field.constructor.name} at "${key}" cannot be stored; use a Float32Array or an array of numbers`,
      );
    return field;
  });
  return encoded ?? nothing;
}

/** The inverse of {@link encodeValue}. */
export function decodeValue<T = unknown>(stored: StoredValue): T {
  if (stored === nothing) return undefined as T;
  // Most values hold no such string, and parsing without a reviver is several times faster.
  if (!stored.includes(`"${mark}`)) return JSON.parse(stored) as T;
  return JSON.parse(stored, (_key, field: unknown) =>
    typeof field === "string" && field.startsWith(mark) ? decodeText(field) : field,
  ) as T;
}

function decodeText(text: string): string | Float32Array {
  if (!text.startsWith(vectorMark)) return text.slice(mark.length);
  const bytes = Buffer.from(text.slice(vectorMark.length), "base64");
  // A Buffer may start at any offset of its pool; a Float32Array may not.
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Size in bytes as stored. */
export const sizeOf = (stored: StoredValue): number => Buffer.byteLength(stored);

/**
 * Encodes a value that has to be stored.
 * @throws `STEP_VALUE_UNSTORABLE` when it is not JSON or larger than the store takes.
 */
export function encodeOrThrow(value: unknown, what: string, maxBytes: number): StoredValue {
  let stored: StoredValue;
  try {
    stored = encodeValue(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SemelError("STEP_VALUE_UNSTORABLE", `${what} cannot be stored: ${why}`, { cause });
  }
  const bytes = sizeOf(stored);
  if (bytes <= maxBytes) return stored;
  throw new SemelError(
    "STEP_VALUE_UNSTORABLE",
    `${what} is ${bytes} bytes and the store takes ${maxBytes}; put it elsewhere and return a reference`,
    {
      details: { bytes, maxBytes },
    },
  );
}
