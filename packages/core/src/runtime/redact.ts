/** What stands where a secret stood. */
export const redacted = "[redacted]";

/**
 * The shapes of well-known secrets. Deliberately few and linear (no nested quantifiers): a redactor that can be made
 * slow by the text it reads is an outage waiting for its input.
 */
const secretShapes: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g, // OpenAI, Anthropic, Stripe style
  /\bAIza[A-Za-z0-9_-]{30,}/g, // Google
  /\bgh[pousr]_[A-Za-z0-9]{30,}/g, // GitHub
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\bwhsec_[A-Za-z0-9+/=]{16,}/g, // Standard Webhooks
  /\bAKIA[A-Z0-9]{16}\b/g, // AWS
  /\beyJ[A-Za-z0-9_-]{8,600}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, // JWT
  /\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,8000}(?:-(?!-)[^-]{0,8000}){0,8}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
];
/** `scheme://user:password@` and `?key=…`: the name stays, the value goes. */
const urlPassword = /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{0,200}:)[^\s/@]{1,500}@/gi;
const urlParameter = /([?&](?:key|api_key|apikey|token|access_token|secret|password|sig)=)[^&\s"']{1,2000}/gi;

/** Fields that hold a secret whatever it looks like. Names that also mean something harmless (`token`, `key`) are none of them. */
const secretName =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|pass(?:word|wd|phrase)|(?:client|shared)?[-_]?secret|secret[-_]?key|(?:access|refresh|id|bearer|auth)[-_]?token|private[-_]?key|credentials?)$/i;

/** Text without known secrets. Linear in the length of the text; text over 64,000 characters is cut first. */
export function redactText(text: string): string {
  return cleaned(text.length > 64_000 ? `${text.slice(0, 64_000)}…` : text);
}

function cleaned(text: string): string {
  let clean = text;
  for (const shape of secretShapes) clean = clean.replace(shape, redacted);
  return clean.replace(urlPassword, `$1${redacted}@`).replace(urlParameter, `$1${redacted}`);
}

/**
 * A copy of `value` with the fields at `paths` replaced. A path is field names joined by dots; `*` stands for any one
 * field or array index: `"text"`, `"customer.email"`, `"parts.*.body"`. The original is never changed.
 */
export function redactPaths(value: unknown, paths: readonly string[]): unknown {
  let copy = value;
  for (const path of paths) copy = without(copy, path.split("."));
  return copy;
}

function without(value: unknown, [field, ...rest]: readonly string[]): unknown {
  if (field === undefined) return redacted;
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  for (const key of field === "*" ? Object.keys(copy) : [field]) {
    if (Object.hasOwn(copy, key))
      (copy as Record<string, unknown>)[key] = without((copy as Record<string, unknown>)[key], rest);
  }
  return copy;
}

/** A copy of a JSON value, whole, in which every text is without known secrets, and what is named like one is replaced. */
export function redactStrings(value: unknown): unknown {
  if (typeof value === "string") return cleaned(value);
  if (Array.isArray(value)) return value.map(redactStrings);
  // A vector or a date has no texts in it.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, named(name, field)]));
}

const named = (name: string, field: unknown): unknown =>
  typeof field === "string" && field !== "" && secretName.test(name) ? redacted : redactStrings(field);

/** One line, nothing that moves a cursor or starts a line of its own: what a text logger may print of foreign text. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) =>
    c === "\n" ? "\\n" : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
