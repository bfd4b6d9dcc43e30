import { type Processor, processor } from "@semel/core";
import type { Queue } from "bullmq-5";
import { embedDocument } from "./definition.ts";

/** Hands each job to the old queue instead of doing it. */
export function moveBack(queue: Queue): Processor<typeof embedDocument> {
  return processor(embedDocument, async ({ id, payload, once }) => {
    // An attempt that comes after a crash adds under the same id, which BullMQ takes once.
    await once("hand over", async () => {
      await queue.add(embedDocument.type, payload, { jobId: id, attempts: 5, removeOnComplete: { age: 3_600 } });
    });
  });
}
