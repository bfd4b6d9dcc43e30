import { defineJob } from "@semel/core";
import { z } from "zod";

/** One chunk of text. Two editions that hold the same text ask for the same work. */
export const embedChunk = defineJob({
  type: "embed-chunk",
  payload: z.object({ hash: z.string(), text: z.string() }),
  result: z.object({ vector: z.instanceof(Float32Array) }),
  correlation: ["hash"],
  retry: { maxAttempts: 1 },
});

/** One edition of a document: waits for its chunks, and is summed up when all are embedded. */
export const embedEdition = defineJob({
  type: "embed-edition",
  payload: z.object({ edition: z.number().int(), chunks: z.number().int() }),
  result: z.object({ dimensions: z.number(), summary: z.string() }),
  correlation: ["edition"],
});
