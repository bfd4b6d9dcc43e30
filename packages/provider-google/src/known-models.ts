import { type EmbeddingLimits, OptionInvalidError } from "@semel/core";

interface EmbeddingFacts {
  readonly dimensions: number | undefined;
  readonly limits: EmbeddingLimits;
  /** Vectors come at a length that is not one where they were shortened. */
  readonly isToBeNormalised: boolean;
}

interface Known {
  readonly full: number;
  readonly least: number;
  /** Of one text. */
  readonly tokens: number;
  readonly normalises: boolean;
}

/** Lengths of vectors, and tokens of a text, as Google documents them. */
const known: readonly (readonly [name: RegExp, Known])[] = [
  [/gemini-embedding-001$/, { full: 3_072, least: 128, tokens: 2_048, normalises: false }],
  [/gemini-embedding-2/, { full: 3_072, least: 128, tokens: 8_192, normalises: true }],
  [/text-(multilingual-)?embedding-00\d$/, { full: 768, least: 1, tokens: 2_048, normalises: true }],
];

/** Of a model that is not in the table nothing is known but what the caller says. @throws `OPTION_INVALID` */
export function embeddingFacts(model: string, dimensions: number | undefined, isVertex: boolean): EmbeddingFacts {
  const [, facts] = known.find(([name]) => name.test(model)) ?? [];
  const { least = 1, full = Number.MAX_SAFE_INTEGER } = facts ?? {};
  if (dimensions !== undefined && (!Number.isInteger(dimensions) || dimensions < least || dimensions > full)) {
    const range = `from ${least}${facts ? ` to ${full}` : ""}`;
    throw new OptionInvalidError(`embedding("${model}").dimensions`, `a whole number ${range}`, dimensions);
  }
  return {
    dimensions: dimensions ?? facts?.full,
    limits: limitsOf(model, facts?.tokens ?? 8_192, isVertex),
    isToBeNormalised: facts?.normalises === false && dimensions !== undefined && dimensions < full,
  };
}

/** The Gemini API takes 100 texts; Vertex AI one for Gemini's models, and for the older ones 250 with 20,000 tokens together. */
function limitsOf(model: string, maxItemTokens: number, isVertex: boolean): EmbeddingLimits {
  if (!isVertex) return { maxItems: 100, maxTokens: 100 * maxItemTokens, maxItemTokens };
  if (/text-(multilingual-)?embedding-00\d$/.test(model)) return { maxItems: 250, maxTokens: 20_000, maxItemTokens };
  return { maxItems: 1, maxTokens: maxItemTokens, maxItemTokens };
}
