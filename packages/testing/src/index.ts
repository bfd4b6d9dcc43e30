// The public surface of @semel/testing. The conformance suites for adapters are in @semel/testing/suites.
export { type ExerciseOptions, type ExerciseReport, exercise } from "./exercise.ts";
export { createTestKit, type Tally, type TestKit, type TestKitOptions } from "./kit.ts";
export type { JobSchemaChange } from "./schemas/change.ts";
export { checkJobSchemas, type JobSchemaReport, type JobSchemasOptions } from "./schemas/check-job-schemas.ts";
export type { JsonSchema, ToJsonSchema } from "./schemas/json-schema.ts";
export type { Narrowing } from "./schemas/narrowings.ts";
export { countedIds, seededRandom } from "./seeded.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
export { type WaitForOptions, waitFor } from "./wait-for.ts";
