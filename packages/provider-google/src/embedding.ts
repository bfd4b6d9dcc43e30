import { listOf, numberOf, peek, type WireEmbeddings, type WireVector } from "@semel/ai/provider";
import { Truncated } from "./failure.ts";

/**
 * Each text as a content of its own. Given plain texts, the client makes one content of all of them for newer models, with one vector.
 */
export const contentsOf = (texts: readonly string[]): readonly object[] =>
  texts.map((text) => ({ role: "user", parts: [{ text }] }));

/** @param isToBeNormalised the provider has shortened them, and left them at whatever length came of it. */
export function readEmbeddings(answer: unknown, isToBeNormalised: boolean): WireEmbeddings {
  const embeddings = listOf(peek(answer, "embeddings"));
  if (embeddings.some(isTruncated)) throw new Truncated();
  return {
    vectors: embeddings.map((one): WireVector => {
      const values = listOf(peek(one, "values")).map((value) => numberOf(value) ?? Number.NaN);
      return { values: isToBeNormalised ? normalised(values) : values };
    }),
    inputTokens: tokensOf(answer, embeddings),
  };
}

/** A vector of the beginning of a text would pass for one of the text. */
const isTruncated = (embedding: unknown): boolean => peek(peek(embedding, "statistics"), "truncated") === true;

/** Vertex AI counts for each text; the Gemini API for all together, or not at all. */
function tokensOf(answer: unknown, embeddings: readonly unknown[]): number | undefined {
  const all = numberOf(peek(peek(answer, "usageMetadata"), "promptTokenCount"));
  if (all !== undefined) return all;
  const each = embeddings.map((one) => numberOf(peek(peek(one, "statistics"), "tokenCount")));
  return each.length > 0 && each.every((count) => count !== undefined)
    ? each.reduce((sum, count) => sum + count, 0)
    : undefined;
}

function normalised(values: readonly number[]): readonly number[] {
  const length = Math.hypot(...values);
  return length > 0 ? values.map((value) => value / length) : values;
}
