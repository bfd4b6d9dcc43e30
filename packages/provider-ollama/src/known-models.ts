import { type EmbeddingLimits, OptionInvalidError } from "@semel/core";
import { shortName } from "./model-name.ts";

interface Known {
  /** Length of the vectors. */
  readonly length: number;
  /** Tokens of a text. */
  readonly context: number;
  /** It was trained so that the beginning of a vector is a vector. */
  readonly canShorten?: boolean;
}

/** As Ollama's library and the authors of the models say it; a tag is named where another size has other facts. */
const known: Readonly<Record<string, Known>> = {
  "nomic-embed-text": { length: 768, context: 2_048, canShorten: true },
  "nomic-embed-text:v1.5": { length: 768, context: 2_048, canShorten: true },
  "mxbai-embed-large": { length: 1_024, context: 512, canShorten: true },
  "all-minilm": { length: 384, context: 512 },
  "all-minilm:22m": { length: 384, context: 512 },
  "all-minilm:33m": { length: 384, context: 512 },
  "bge-m3": { length: 1_024, context: 8_192 },
  "bge-large": { length: 1_024, context: 512 },
  "snowflake-arctic-embed": { length: 1_024, context: 512 },
  "snowflake-arctic-embed:335m": { length: 1_024, context: 512 },
  "snowflake-arctic-embed:110m": { length: 768, context: 512 },
  "snowflake-arctic-embed:33m": { length: 384, context: 512 },
  "snowflake-arctic-embed:22m": { length: 384, context: 512 },
  "snowflake-arctic-embed2": { length: 1_024, context: 8_192, canShorten: true },
  embeddinggemma: { length: 768, context: 2_048, canShorten: true },
  "embeddinggemma:300m": { length: 768, context: 2_048, canShorten: true },
  "qwen3-embedding:0.6b": { length: 1_024, context: 32_768, canShorten: true },
  "qwen3-embedding:4b": { length: 2_560, context: 32_768, canShorten: true },
  "qwen3-embedding": { length: 4_096, context: 32_768, canShorten: true },
  "qwen3-embedding:8b": { length: 4_096, context: 32_768, canShorten: true },
};

/** No embedding model of Ollama's library takes more. What the server has less room for it refuses, since nothing is cut. */
const longestContext = 32_768;
/**
 * Ollama knows no limit. Its answer is all or nothing, and comes within one deadline: this is about a minute's work for a small model on
 * a machine without a graphics card, and what is lost where the connection breaks.
 */
const maxItems = 512;
const maxTokens = 100_000;

interface Facts {
  readonly dimensions: number | undefined;
  readonly limits: EmbeddingLimits;
}

/** Of a model that is not in the table nothing is known but what the caller says. @throws `OPTION_INVALID` */
export function embeddingFacts(
  model: string,
  dimensions: number | undefined,
  contextTokens: number | undefined,
): Facts {
  const short = shortName(model);
  const facts = Object.hasOwn(known, short) ? known[short] : undefined;
  const maxItemTokens = contextTokens ?? facts?.context ?? longestContext;
  const limits = { maxItems, maxTokens: Math.max(maxTokens, maxItemTokens), maxItemTokens };
  if (dimensions === undefined || dimensions === facts?.length) return { dimensions: facts?.length, limits };
  const most = facts?.length ?? Number.MAX_SAFE_INTEGER;
  const isOne = facts !== undefined && facts.canShorten !== true;
  if (isOne || !Number.isInteger(dimensions) || dimensions < 1 || dimensions > most) {
    const expected = isOne
      ? `${most}: its vectors have their one length`
      : `a whole number from 1${facts ? ` to ${most}` : ""}`;
    throw new OptionInvalidError(`embedding("${model}").dimensions`, expected, dimensions);
  }
  return { dimensions, limits };
}
