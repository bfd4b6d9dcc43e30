import { defineJob } from "@semel/core";
import { z } from "zod";

/** A call that costs money. Both worker processes ask for the same order, so it is the same work. */
export const summarise = defineJob({
  type: "summarise",
  payload: z.object({ order: z.string(), text: z.string() }),
  result: z.object({ summary: z.string() }),
  correlation: ["order"],
  // Short, so that nobody has to watch for half a minute how a killed worker stays dead.
  lease: "2s",
});
