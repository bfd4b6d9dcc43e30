// The public surface of @semel/testing. The conformance suites for adapters are in @semel/testing/suites.

export { type Effect, type EffectLedger, effectLedger } from "./exercise/effect-ledger.ts";
export {
  type ExerciseOptions,
  type ExerciseProblem,
  type ExerciseReport,
  exercise,
} from "./exercise/exercise.ts";
export { type Failpoint, failpoints } from "./failpoints.ts";
export type { HappenedFault } from "./faults/fault-plan.ts";
export { type FaultyBackend, faulty } from "./faults/faulty.ts";
export type { Faults } from "./faults/faulty-port.ts";
export type { DeliveryFaults, FaultyQueue, QueuePoints } from "./faults/faulty-queue.ts";
export type { FaultySignals, SignalsPoints } from "./faults/faulty-signals.ts";
export type { FaultyStore, StorePoints } from "./faults/faulty-store.ts";
export {
  type DeliveryFaultOptions,
  type FaultOptions,
  type FaultyOptions,
  InjectedFault,
  type LateOptions,
} from "./faults/options.ts";
export { createTestKit, type Tally, type TestKit, type TestKitOptions } from "./kit.ts";
export type { JobSchemaChange } from "./schemas/change.ts";
export { checkJobSchemas, type JobSchemaReport, type JobSchemasOptions } from "./schemas/check-job-schemas.ts";
export type { JsonSchema, ToJsonSchema } from "./schemas/json-schema.ts";
export type { Narrowing } from "./schemas/narrowings.ts";
export { countedIds, seededRandom } from "./seeded.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
export { type WaitForOptions, waitFor } from "./wait-for.ts";
