import { createHash } from "node:crypto";
import type { Message } from "@semel/core";

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The same text, the same vector: of length one, and nearer to texts that share words with it than to others. */
export function madeUpVector(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of [text, ...text.toLowerCase().split(/\s+/)]) {
    const digest = digestOf(word);
    for (let at = 0; at + 4 <= digest.length; at += 4) {
      const place = digest.readUInt32LE(at) % dimensions;
      vector[place] = (vector[place] ?? 0) + ((digest[at] ?? 0) % 2 === 0 ? 1 : -1);
    }
  }
  let length = Math.hypot(...vector);
  if (length === 0) vector[0] = length = 1;
  return vector.map((value) => value / length);
}

export function madeUpText(messages: readonly Message[]): string {
  const last = messages.at(-1)?.text ?? "";
  return `Mock answer ${digestOf(JSON.stringify(messages)).toString("hex", 0, 4)} to: ${last.replace(/\s+/g, " ").slice(0, 80)}`;
}

type Schema = Readonly<Record<string, unknown>>;

/** Something that fits a plain JSON Schema. Patterns and conditions are not looked at. */
export function madeUpData(schema: Schema, depth = 0): unknown {
  const { type, enum: values, const: only, anyOf, properties, items, minItems, minimum, format } = schema;
  if (only !== undefined) return only;
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(anyOf)) return madeUpData((anyOf[0] ?? {}) as Schema, depth);
  if (depth > 16) return null;
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return Object.fromEntries(
        Object.entries((properties ?? {}) as Record<string, Schema>).map(([name, one]) => [
          name,
          madeUpData(one, depth + 1),
        ]),
      );
    case "array":
      return Array.from({ length: typeof minItems === "number" ? minItems : 0 }, () =>
        madeUpData((items ?? {}) as Schema, depth + 1),
      );
    case "string":
      return format === "date" ? "2000-01-01" : format === "date-time" ? "2000-01-01T00:00:00Z" : "mock";
    case "number":
    case "integer":
      return typeof minimum === "number" ? minimum : 0;
    case "boolean":
      return false;
    default:
      return null;
  }
}

/** A PNG of one pixel, whatever was asked for. */
export const madeUpImage = (): Uint8Array =>
  Uint8Array.from(
    Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    ),
  );
