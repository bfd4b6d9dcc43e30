/** Well-known shapes of secrets; each linear. */
const shapes: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_*-]{8,}/g,
  /\bAIza[A-Za-z0-9_-]{20,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /\beyJ[A-Za-z0-9_-]{8,600}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
];
const parameter = /([?&](?:key|api_key|apikey|token|access_token)=)[^&\s"']{1,2000}/gi;
const longest = 2_000;
/** A provider that masks a key shows its beginning or its end. */
const shown = 8;

/** What a provider said, without the key it may have repeated: whole, or the ends of it. */
export function redactMessage(message: string, secrets: readonly string[]): string {
  let text = message.slice(0, 10_000);
  for (const secret of secrets) {
    if (secret.length < shown) continue;
    for (const part of [secret, secret.slice(0, shown), secret.slice(-shown)])
      text = text.replaceAll(part, "[redacted]");
  }
  for (const shape of shapes) text = text.replace(shape, "[redacted]");
  text = text.replace(parameter, "$1[redacted]");
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
