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
  // Most values are plain data, and writing that without a replacer is several times faster.
  return (isPlain(value, 0) ? JSON.stringify(value) : JSON.stringify(value, encodeField)) ?? nothing;
}

function encodeField(key: string, field: unknown): unknown {
  if (typeof field === "string") return encodeText(field);
  if (typeof field === "number" && !Number.isFinite(field))
    throw new Error(`${field} at "${key}" is not a JSON number`);
  if (field instanceof Float32Array) return encodeVector(field);
  if (ArrayBuffer.isView(field))
    throw new Error(
      `a ${field.constructor.name} at "${key}" cannot be stored; use a Float32Array or an array of numbers`,
    );
  return field;
}

/** Deeper than this is not looked for: it may be a cycle, and whoever writes it will say so. */
const plainDepth = 16;

/** Whether {@link encodeField} would certainly leave it as it is. Never wrong in saying so; a no may be. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "string") return !value.startsWith(mark);
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "boolean" || value === undefined;
  if (value === null) return true;
  if (depth === plainDepth || "toJSON" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype && value.every((entry) => isPlain(entry, depth + 1));
  if (prototype !== Object.prototype) return false;
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name], depth + 1)) return false;
  return true;
}

/** Whether a JSON text may hold a string that begins with the mark; it has no other way to begin one. */
export const hasMarks = (text: string): boolean => text.includes(`"${mark}`);

/** The inverse of {@link encodeValue}. */
export function decodeValue<T = unknown>(stored: StoredValue): T {
  if (stored === nothing) return undefined as T;
  // Most values hold no such string, and parsing without a reviver is several times faster.
  if (!hasMarks(stored)) return JSON.parse(stored) as T;
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
