import { type AnyProcessor, defineJob, processor, request } from "@semel/core";
import { z } from "zod";
import { brief } from "./effect-job.ts";

/** A parent of so many children. Its lease is short, so that a take-over can be waited for. */
export const gather = defineJob({
  type: "gather",
  payload: z.object({ of: z.number().int() }),
  result: z.object({ sum: z.number() }),
  correlation: "none",
  lease: "1s",
  maxCrashes: 100,
});

export const gatherProcessor: AnyProcessor = processor(gather, async ({ payload: { of }, children }) => {
  const ended = await children(
    "all",
    Array.from({ length: of }, (_, n) => request(brief, { n })),
  );
  const results = await Promise.all(ended.map((one) => one.result()));
  return { sum: results.reduce((sum, { n }) => sum + n, 0) };
});
