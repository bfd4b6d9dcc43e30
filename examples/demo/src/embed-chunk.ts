import { defineJob, type PayloadOf, type Processor, processor } from "@semel/core";
import { z } from "zod";
import { chunkName, pathOf } from "./chunk-name.ts";
import type { IndexStore } from "./index-store.ts";
import type { Mishaps } from "./mishaps.ts";
import type { CountedProvider } from "./provider.ts";

/** The main job: one chunk of one document. */
export const embedChunk = defineJob({
  type: "embed-chunk",
  payload: z.object({
    /** Path below the folder and hash of the folder. */
    documentId: z.string(),
    index: z.number().int(),
    /** Of the text: a chunk that changed is other work. */
    hash: z.string(),
    text: z.string(),
  }),
  result: z.object({ dimensions: z.number() }),
  correlation: ["documentId", "index", "hash"],
  retry: { maxAttempts: 5, base: "50ms" },
  // Short, so that a run after a crash need not wait long for what the crashed one held.
  lease: "5s",
  // A chunk once embedded stays embedded, and a refused one refused, until the demo is told to forget.
  window: "365d",
  onDead: "keep",
  deadline: "90d",
});

export type ChunkPayload = PayloadOf<typeof embedChunk>;

export interface EmbedParts {
  readonly provider: CountedProvider;
  readonly index: IndexStore;
  readonly mishaps: Mishaps;
}

export function embedProcessor({ provider, index, mishaps }: EmbedParts): Processor<typeof embedChunk> {
  return processor(embedChunk, async ({ payload, once }) => {
    const { text } = payload;
    const chunk = chunkName(payload);
    // Paid: whatever fails from here on, a retry gets this vector and calls nobody.
    const vector = await once("embed", ({ key, signal }) => provider.embed({ key, chunk, text, signal }));
    mishaps.afterEffect(chunk);
    index.put({ chunk, path: pathOf(payload.documentId), index: payload.index, text, vector });
    return { dimensions: vector.length };
  });
}
