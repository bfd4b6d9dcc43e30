import { defineJob } from "@semel/core";
import { z } from "zod";

/** Work of every kind: it waits, blocks its whole process, or kills it. The shortest lease there is, to be taken over soon. */
export const served = defineJob({
  type: "served",
  payload: z.object({ n: z.number(), does: z.enum(["wait", "block", "die"]), ms: z.number() }),
  correlation: ["n"],
  result: z.string(),
  lease: "1s",
});
