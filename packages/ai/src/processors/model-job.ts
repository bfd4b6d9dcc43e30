import type { Job, JobOptions, Tenancy } from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";

/** What the ready-made jobs let you choose; all else follows from what they are. */
export type ModelJobOptions<T extends string, N extends Tenancy> = Pick<
  JobOptions<T, StandardSchemaV1, StandardSchemaV1, N>,
  "type" | "tenant" | "window" | "retry" | "timeout" | "deadline" | "queue" | "priority" | "onDead"
>;

export type ModelJob<T extends string, Payload, Result, N extends Tenancy> = Job<T, Payload, Payload, Result, N>;
