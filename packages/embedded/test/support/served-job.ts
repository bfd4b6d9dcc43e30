import { defineJob } from "@semel/core";
import { z } from "zod";

/** Work that takes its time. `isDeaf`: it does not listen to its signal. */
export const served = defineJob({
  type: "served",
  payload: z.object({ n: z.number(), ms: z.number(), isDeaf: z.boolean() }),
  correlation: ["n"],
});
