import type { Answer } from "./answer.ts";
import type { Model, ModelCall } from "./model.ts";

/** What is asked of an embedding model. */
export interface EmbedRequest {
  /** At least one and at most `limits.maxItems`; none empty, or of white space only. */
  readonly texts: readonly string[];
}

export interface Embeddings extends Answer {
  /** One for each text, in the order of the texts: all of one length, finite, none all zeros. */
  readonly vectors: readonly Float32Array[];
  /** {@link EmbeddingModel.space} */
  readonly space: string;
}

/** How much fits into one request. */
export interface EmbeddingLimits {
  /** Texts. */
  readonly maxItems: number;
  /** Tokens of all texts together. */
  readonly maxTokens: number;
  /** Tokens of one text. */
  readonly maxItemTokens: number;
}

/** Turns texts into vectors. */
export interface EmbeddingModel extends Model {
  readonly "~semel": "embedding-model/1";
  /**
   * Names the vector space, provider, model and dimensions in one: only vectors of one space may be compared, or kept in one
   * collection. Store it beside the vectors.
   */
  readonly space: string;
  /** Length of its vectors, where that is known before the first answer. */
  readonly dimensions: number | undefined;
  readonly limits: EmbeddingLimits;
  /** Tokens of a text, as closely as they can be told without asking the provider; never fewer than the truth by much. */
  countTokens(text: string): number;
  /**
   * All or nothing: one text the provider will not have fails the call.
   * @throws {@link ModelError}, and the signal's reason where the call was ended.
   */
  embed(request: EmbedRequest, call?: ModelCall): Promise<Embeddings>;
}
