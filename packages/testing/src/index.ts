// The public surface of @semel/testing. The conformance suites for adapters are in @semel/testing/suites.
export { type ExerciseOptions, type ExerciseReport, exercise } from "./exercise.ts";
export { createTestKit, type Tally, type TestKit, type TestKitOptions } from "./kit.ts";
export { countedIds, seededRandom } from "./seeded.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
export { type WaitForOptions, waitFor } from "./wait-for.ts";
