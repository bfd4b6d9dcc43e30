/**
 * Redis keeps bytes: on the way to them lone surrogates silently turn into `U+FFFD`, and in a record a NUL ends a text.
 * Values are opaque to the store and have to come back as they went, so a text with either travels as its JSON string
 * behind a mark. A text that begins with the mark does too: different texts stay different, and can still be compared.
 */
const mark = "\u0001";

export function toText(text: string): string {
  if (text.isWellFormed() && !text.includes("\0") && !text.startsWith(mark)) return text;
  return mark + JSON.stringify(text);
}

export function fromText(stored: string): string {
  return stored.startsWith(mark) ? (JSON.parse(stored.slice(mark.length)) as string) : stored;
}
