import { digest, NonRetryableError, processor, request } from "@semel/core";
import { embedChunk, embedEdition } from "./jobs.ts";

/** What was paid for, by whom it was asked: counted outside Semel. */
export const bill = { chunks: 0, summaries: 0 };
/** Texts the provider refuses, as it will until somebody has words with it. */
export const refused: Set<string> = new Set();

export const chunk = processor(embedChunk, async ({ payload: { text }, once }) => {
  const vector = await once("embed", () => {
    if (refused.has(text)) throw new NonRetryableError(`the provider refuses "${text}"`);
    bill.chunks++;
    return new Float32Array(8).fill(text.length);
  });
  return { vector };
});

/** Editions differ in their last tenth; the rest is the text of the edition before. */
const textOf = (edition: number, index: number, chunks: number): string =>
  index < chunks * 0.9 ? `chunk ${index}` : `chunk ${index}, edition ${edition}`;

export const document = processor(embedEdition, async ({ payload: { edition, chunks }, once, children }) => {
  const texts = await once("cut", () => Array.from({ length: chunks }, (_, index) => textOf(edition, index, chunks)));
  const embedded = await children(
    "chunks",
    texts.map((text) => request(embedChunk, { hash: digest(text), text })),
  );
  // Behind this line all have ended. Before it, the attempt has ended, too: it held no slot while it waited.
  let dimensions = 0;
  for (const one of embedded) dimensions += (await one.result()).vector.length;
  const summary = await once("summary", () => {
    bill.summaries++;
    return `edition ${edition}, ${chunks} chunks`;
  });
  return { dimensions, summary };
});
