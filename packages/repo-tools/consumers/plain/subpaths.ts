// Every way in, as its declarations are found; under the oldest resolution too, which knows no `exports`.
import type { SemelError } from "@semel/core";
import type { Backend, Queue } from "@semel/core/adapter";
import { memory } from "@semel/core/memory";
import type { bullmqQueue } from "@semel/queue-bullmq";
import type { postgresStore } from "@semel/state-postgres";
import type { redisStore } from "@semel/state-redis";
import type { createTestKit } from "@semel/testing";

export const backend: Backend = memory();
export const queue: Queue = backend.queue;
export type Everything = [
  SemelError,
  ReturnType<typeof bullmqQueue>,
  ReturnType<typeof postgresStore>,
  ReturnType<typeof redisStore>,
  ReturnType<typeof createTestKit>,
];
