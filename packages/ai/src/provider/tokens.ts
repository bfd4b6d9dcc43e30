/** A count of tokens as a provider says it; what cannot be one is as if it had said nothing. */
export const saidTokens = (count: unknown): number | undefined =>
  typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= mostTokens ? count : undefined;

/** Nobody's request has more. */
const mostTokens = 1e12;

/**
 * Tokens of a text, reckoned without a tokenizer: a token for each four characters of Latin script, and for each character of others.
 * Close to the truth for prose, and over it for code.
 */
export function reckonTokens(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // Beyond Latin, and beyond the punctuation that goes with it.
    if (unit > 0x24f && !(unit >= 0x2000 && unit <= 0x206f)) wide += 1;
  }
  return Math.ceil((text.length - wide) / 4 + wide);
}
