import { defineJob } from "@semel/core";
import { z } from "zod";

/** A call that costs money. Whoever asks for the same order asks for the same work. */
export const summarise = defineJob({
  type: "summarise",
  payload: z.object({ order: z.string(), provider: z.string() }),
  result: z.object({ summary: z.string() }),
  correlation: ["order"],
  // Short, so that nobody has to watch for half a minute how a killed worker stays dead.
  lease: "2s",
});
