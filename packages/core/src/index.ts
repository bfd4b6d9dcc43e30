// The public surface of @semel/core, on one page.

// Models: contracts only; what they share is in @semel/ai
export type { Answer } from "./ai/answer.ts";
export type { EmbeddingLimits, EmbeddingModel, Embeddings, EmbedRequest } from "./ai/embedding-model.ts";
export type { Image, ImageFeatures, ImageModel, ImageRequest, Images } from "./ai/image-model.ts";
export type { Allowance, Model, ModelCall, RateLimits } from "./ai/model.ts";
export { ModelError, type ModelErrorCode, type ModelErrorOptions } from "./ai/model-error.ts";
export type {
  FinishReason,
  GeneratedObject,
  GeneratedText,
  Message,
  ObjectRequest,
  TextFeatures,
  TextModel,
  TextPart,
  TextRequest,
} from "./ai/text-model.ts";
export type { Usage } from "./ai/usage.ts";
// A job that waits for others
export type { Child, ChildrenOptions, ChildState, OnChildFailure } from "./children/child.ts";
// Retries and dead letters
export type { DeadLetter } from "./dead-letter/dead-letter.ts";
export type { DeadLetterGroup, DeadLetters } from "./dead-letter/dead-letters.ts";
export type { DeadLetterFilter } from "./dead-letter/filter.ts";
export { type DeadReason, deadReasons } from "./dead-letter/reason.ts";
export type { RedriveFinding, RedriveOptions, RedriveRunOptions } from "./dead-letter/redrive-options.ts";
export type {
  Becomes,
  PlannedGroup,
  RedrivePlan,
  RedrivePlanFilter,
  RedriveProgress,
  RedriveReport,
} from "./dead-letter/redrive-plan.ts";
// Errors
export { type ErrorCode, errorCodes } from "./errors/codes.ts";
export type { Failure } from "./errors/failure.ts";
export type { FailureClass } from "./errors/failure-class.ts";
export { OptionInvalidError } from "./errors/option-invalid.ts";
export { SemelError, type SemelErrorOptions } from "./errors/semel-error.ts";
export { DeferError, NonRetryableError, RetryAfterError } from "./errors/thrown.ts";
export { QueueUnavailableError, StoreUnavailableError } from "./errors/unavailable.ts";
// Seeing what happens
export { type ConsoleLoggerOptions, consoleLogger } from "./instrumentation/console-logger.ts";
export { type EventName, type Events, eventNames, type SemelEvent } from "./instrumentation/events.ts";
export type { Hook } from "./instrumentation/hooks.ts";
export type { Logger } from "./instrumentation/logger.ts";
// A job, as data
export { defineJob, type JobOptions, type Settled } from "./job/define-job.ts";
export type { EnqueueOptions } from "./job/enqueue-options.ts";
export type { Enqueued, ResultOptions } from "./job/enqueued.ts";
export type { Envelope } from "./job/envelope.ts";
export { digest } from "./job/identity.ts";
export type { AnyJob, InputOf, Job, Key, PayloadOf, ResultOf, Tenancy, UntenantedJob } from "./job/job.ts";
export type { Json, Jsonify } from "./job/json.ts";
export type { PayloadLimits } from "./job/limits.ts";
export { type JobRequest, request } from "./job/request.ts";
export type { FinalState, JobState } from "./job/state.ts";
export type { Around } from "./processor/around.ts";
// A processor: a function, or a class where dependencies are injected
export type { Effect, JobContext } from "./processor/context.ts";
export type { Finding, OnceOptions, UncertainEffect, Verify } from "./processor/once-options.ts";
export type { Outcome } from "./processor/outcome.ts";
export { type AnyProcessor, Processor, processor } from "./processor/processor.ts";
export type { Transaction, TransactionClient } from "./processor/transaction.ts";
export type { Jitter, RetryOptions } from "./retry/backoff.ts";
export { type AbortReason, AttemptAborted } from "./runtime/abort.ts";
// Time and chance, from outside
export { type Clock, type EpochMs, systemClock, type Timer } from "./runtime/clock.ts";
export { type Duration, duration } from "./runtime/duration.ts";
export { type Runtime, SimulatedCrash } from "./runtime/runtime.ts";
// Semel
export type { Backend } from "./semel/backend.ts";
export { type CloseOnSignalsOptions, closeOnSignals } from "./semel/close-on-signals.ts";
export { createSemel } from "./semel/create-semel.ts";
export type { Explanation } from "./semel/explain.ts";
export type { SemelOptions } from "./semel/options.ts";
export type { Enqueue, EnqueueMany, Scope, TenantSemel } from "./semel/scope.ts";
export { type CloseOptions, type QueueCounts, Semel, type WorkerInfo } from "./semel/semel.ts";
export type { JobStatus, StatusState } from "./semel/status.ts";
export type { Which } from "./semel/which.ts";
export type { Closed } from "./worker/closed.ts";
export type { Worker, WorkerOptions } from "./worker/worker.ts";
