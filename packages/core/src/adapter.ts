/*
 * What an adapter is written against. `docs/writing-an-adapter.md` walks through it; the conformance suites are in
 * `@semel/testing/suites`.
 */
export type { LetterBox, LetterFilter, StoredLetter } from "./dead-letter/letter-box.ts";
export type { DeadReason } from "./dead-letter/reason.ts";
export { knownOnly } from "./errors/option-invalid.ts";
export { decide } from "./idempotency/decide.ts";
export {
  type JobRecord,
  keptAttempts,
  type PastAttempt,
  type Progress,
  type ResultKind,
  type StepRecord,
  type Waiting,
} from "./idempotency/job-record.ts";
export type { JobStore, JobStoreFeatures } from "./idempotency/job-store.ts";
export type * from "./idempotency/operations.ts";
export type { OpenTransaction, StoreTransactions } from "./idempotency/store-transactions.ts";
export {
  type Decision,
  type Loaded,
  pastDeadlineMs,
  pastLetterMs,
  type Writes,
} from "./idempotency/transitions/decision.ts";
export { overdueMs } from "./idempotency/transitions/reserving.ts";
export type { WorkerBeat } from "./idempotency/worker-beat.ts";
export { type DefinedJob, definitionOf } from "./job/define-job.ts";
export { type Fingerprint, type GuardKey, type JobId, keyOf } from "./job/identity.ts";
export type { Priority } from "./job/priority.ts";
export type { FinalState, JobState } from "./job/state.ts";
export type { StoredValue } from "./job/value.ts";
export type { Transaction, TransactionClient } from "./processor/transaction.ts";
export type {
  Added,
  Addition,
  ConsumeOptions,
  Consumer,
  Delivery,
  Disposition,
  LaneCounts,
  Queue,
  QueueFeatures,
} from "./queue/queue.ts";
export { localSignals, type Signals, type SignalTopic } from "./queue/signals.ts";
export { retryAfterMs } from "./retry/retry-after.ts";
export { type Clock, type EpochMs, systemClock, type Timer } from "./runtime/clock.ts";
export { type Duration, toMs } from "./runtime/duration.ts";
export type { Host } from "./runtime/host.ts";
export { redactText } from "./runtime/redact.ts";
export type { Backend } from "./semel/backend.ts";
export type { PortsVersion } from "./semel/ports-version.ts";
