import { redactText } from "@semel/core/adapter";

const longest = 2_000;
/** What is shorter is no key, and stands in words that are none either. */
const shortest = 6;
/** A provider that masks a key shows its beginning or its end. */
const shown = 8;

/** What a provider said, without the key it may have repeated, whole or by its ends, and without what looks like a secret anyway. */
export function redactMessage(message: string, secrets: readonly string[]): string {
  let text = message.slice(0, 10_000);
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    const parts = secret.length > shown ? [secret, secret.slice(0, shown), secret.slice(-shown)] : [secret];
    for (const part of parts) text = text.replaceAll(part, "[redacted]");
  }
  const clean = redactText(text);
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
