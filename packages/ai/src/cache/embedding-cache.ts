/**
 * Where vectors are kept between calls. Keys are hashes that say nothing of the text; tenant and vector space are part of them.
 * Losing what it holds costs money, not correctness. Should it fail, the model is asked.
 */
export interface EmbeddingCache {
  /** In the order of the keys; `undefined` for what it does not have. */
  get(keys: readonly string[]): readonly (Float32Array | undefined)[] | Promise<readonly (Float32Array | undefined)[]>;
  set(entries: readonly { readonly key: string; readonly vector: Float32Array }[]): void | Promise<void>;
}
