import { createHash } from "node:crypto";

/** Longer names go by their hash: PostgreSQL indexes them, and a notification carries at most 8,000 bytes. */
const longest = 200;

/**
 * Letters, digits, `.`, `_` and `-` stand for themselves, every other UTF-16 unit for `~` and four hexadecimal digits:
 * different texts get different names, and names contain nothing that Redis or BullMQ gives a meaning (`:`, `{`).
 */
function encode(text: string): string {
  return text.replace(/[^\w.-]/g, (unit) => `~${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function shortened(name: string): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, 100)}~-${createHash("sha256").update(name).digest("base64url")}`;
}

/** The name of the broker queue that holds this lane's jobs. */
export function queueName(namespace: string, lane: string): string {
  return `${shortened(encode(namespace))}/${shortened(encode(lane))}`;
}

/** A name that no lane can have: `~` is followed by no hexadecimal digit. */
export function registryName(namespace: string): string {
  return `${shortened(encode(namespace))}/~lanes`;
}
