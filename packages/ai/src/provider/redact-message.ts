import { redactText } from "@semel/core/adapter";

const longest = 2_000;
/** A provider that masks a key shows its beginning or its end. */
const shown = 8;

/** What a provider said, without the key it may have repeated, whole or by its ends, and without what looks like a secret anyway. */
export function redactMessage(message: string, secrets: readonly string[]): string {
  let text = message.slice(0, 10_000);
  for (const secret of secrets) {
    if (secret.length < shown) continue;
    for (const part of [secret, secret.slice(0, shown), secret.slice(-shown)])
      text = text.replaceAll(part, "[redacted]");
  }
  const clean = redactText(text);
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
