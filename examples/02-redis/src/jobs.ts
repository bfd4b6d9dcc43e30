import { defineJob } from "@semel/core";
import { z } from "zod";

/** Both processes name the same Redis and the same namespace, or they would not see each other's jobs. */
export const redisUrl: string = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
export const namespace = "example-02";

/** Shared by the API, which enqueues it, and the worker, which does it. */
export const embedDocument = defineJob({
  type: "embed-document",
  payload: z.object({ documentId: z.string().min(1), hash: z.string(), text: z.string().min(1) }),
  result: z.object({ chunks: z.number(), dimensions: z.number() }),
  correlation: ["documentId", "hash"], // the same text of the same document is the same work
  redact: ["text"],
  // Short, so that nobody has to wait half a minute here to see how a killed worker's job is taken over.
  lease: "4s",
});
