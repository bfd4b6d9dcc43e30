/**
 * A lexical embedding: words and their character trigrams, hashed into a vector (feature hashing). It finds texts that
 * share words and parts of words; it knows nothing of meaning. Deterministic, local, free.
 */
export const dimensions = 512;

/** A word counts as much as this many of its trigrams. */
const wordWeight = 3;

/** Of length 1, or all zeros for a text without any visible character. */
export function lexicalEmbedding(text: string): Float32Array {
  const weights = new Map<string, number>();
  const add = (feature: string, weight: number) => weights.set(feature, (weights.get(feature) ?? 0) + weight);
  for (const word of wordsOf(text)) {
    add(`w ${word}`, wordWeight);
    const padded = [..."^", ...word, "$"];
    for (let at = 0; at + 3 <= padded.length; at++) add(padded.slice(at, at + 3).join(""), 1);
  }
  const vector = new Float32Array(dimensions);
  for (const [feature, weight] of weights) {
    const hash = fnv1a(feature);
    // The sign keeps features that meet in one dimension from always adding up.
    const sign = hash & 0x8000_0000 ? -1 : 1;
    const slot = hash % dimensions;
    // The tenth occurrence says less than the first.
    vector[slot] = (vector[slot] ?? 0) + sign * Math.log1p(weight);
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Letters and digits make words; of what has none (an emoji, a rule of dashes) each run of characters is one. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}\p{P}\p{Cc}]+/gu) ?? []
  );
}

/** Of two vectors of length 1. */
export function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  // The low bits alone mix badly for short texts.
  return (hash ^ (hash >>> 15)) >>> 0;
}
