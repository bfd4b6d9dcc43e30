/**
 * What a call cost, in tokens as the provider counts them.
 *
 * - `actual`: the provider said so, or nothing was sent.
 * - `estimated`: it did not say, because the answer broke off, or never does; reckoned from the length of what went back
 *   and forth. Charge it: an answer that broke off was paid for.
 * - `unknown`: there is nothing to reckon from.
 */
export type Usage =
  | {
      readonly certainty: "actual" | "estimated";
      readonly inputTokens: number;
      /** 0 for embeddings. */
      readonly outputTokens: number;
      /** The part of `inputTokens` that the provider had in its cache, where it says so. */
      readonly cachedInputTokens?: number | undefined;
    }
  | { readonly certainty: "unknown" };
