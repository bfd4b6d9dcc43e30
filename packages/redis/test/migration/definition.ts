import { defineJob } from "@semel/core";
import { z } from "zod";

export const embedDocument = defineJob({
  type: "embed-document", // was the job's name
  payload: z.object({ documentId: z.string(), revision: z.number().int() }), // was its data
  correlation: ["documentId", "revision"], // what the jobId was made of, or should have been
  retry: { maxAttempts: 5, base: "1s" }, // was attempts and backoff
  window: "7d", // was removeOnComplete: { age }
  priority: "normal",
});
