import { type EmbeddingLimits, OptionInvalidError } from "@semel/core";

interface Facts {
  readonly dimensions: number | undefined;
  readonly limits: EmbeddingLimits;
}

/** As OpenAI documents them for its embeddings endpoint: texts and tokens of a request, tokens of a text. */
const limits: EmbeddingLimits = { maxItems: 2_048, maxTokens: 300_000, maxItemTokens: 8_191 };

/** Length of the vectors, and whether they can be shortened. */
const lengths: Readonly<Record<string, { readonly full: number; readonly canShorten: boolean }>> = {
  "text-embedding-3-small": { full: 1_536, canShorten: true },
  "text-embedding-3-large": { full: 3_072, canShorten: true },
  "text-embedding-ada-002": { full: 1_536, canShorten: false },
};

/** Of a model that is not in the table nothing is known but what the caller says. @throws `OPTION_INVALID` */
export function embeddingFacts(model: string, dimensions: number | undefined): Facts {
  const known = Object.hasOwn(lengths, model) ? lengths[model] : undefined;
  if (dimensions === undefined) return { dimensions: known?.full, limits };
  const most = known ? (known.canShorten ? known.full : 0) : Number.MAX_SAFE_INTEGER;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > most) {
    const expected =
      known && !known.canShorten
        ? "none: its vectors have their one length"
        : `a whole number from 1${known ? ` to ${known.full}` : ""}`;
    throw new OptionInvalidError(`embedding("${model}").dimensions`, expected, dimensions);
  }
  return { dimensions, limits };
}
