import { extractionJob } from "@semel/ai";
import { z } from "zod";

/** What is looked for in each letter. */
export const facts = z.object({
  people: z.array(z.string()).describe("Everybody who is named, with their title"),
  places: z.array(z.string()).describe("Towns"),
  dates: z.array(z.iso.date()),
});

export type Facts = z.infer<typeof facts>;

/** One letter. The text is its identity: the same letter enqueued twice is one job, and stays one when the program is run again. */
export const readLetter = extractionJob({
  type: "read-letter",
  schema: facts,
  retry: { maxAttempts: 4, base: "20ms" },
});
