// The public surface of @semel/ai, on one page.

// Micro-batching
export { type BatchOptions, batched } from "./batching/batched.ts";
// Breakers, gates, and what is known of models
export type { BreakerState, BreakerStatus } from "./breaker/breaker.ts";
export type { BreakerOptions } from "./breaker/options.ts";
export type { WindowCounts } from "./breaker/window.ts";
// A cache for vectors
export { type CacheOptions, cached } from "./cache/cached.ts";
export type { EmbeddingCache } from "./cache/embedding-cache.ts";
export { memoryCache } from "./cache/memory-cache.ts";
// Checks on what goes in and what comes out
export { canaryCheck } from "./checks/canary.ts";
export type { Check, Finding, Subject, Verdict } from "./checks/check.ts";
export { type GuardedOptions, guarded } from "./checks/guarded.ts";
export { injectionCheck, injectionVersion } from "./checks/injection.ts";
export { type LinksOptions, linksCheck } from "./checks/links.ts";
export { secretsCheck } from "./checks/secrets.ts";
export type { Gate, GateState, Passage, Refusal } from "./gate/gate.ts";
export type { GateOptions } from "./gate/local-gate.ts";
export type { ParkedBy, ParkingState } from "./gate/parking.ts";
export { type LimitedOptions, limited } from "./limited/limited.ts";
export {
  type BreakerChange,
  type ModelTraffic,
  processTraffic,
  Traffic,
  type TrafficOptions,
} from "./limited/traffic.ts";
// Ready-made processors
export {
  ImageGenerationProcessor,
  type ImagePayload,
  type ImageResult,
  imageJob,
  type SavedUnder,
} from "./processors/image-generation.ts";
export type { ModelJob, ModelJobOptions } from "./processors/model-job.ts";
export { isOfWholeModel } from "./processors/of-whole-model.ts";
export {
  type ExtractionJobOptions,
  type ExtractionOptions,
  type ExtractionPayload,
  type ExtractionResult,
  extractionJob,
  StructuredExtractionProcessor,
} from "./processors/structured-extraction.ts";
export {
  type EmbeddingPayload,
  type EmbeddingResult,
  embeddingJob,
  TextEmbeddingProcessor,
} from "./processors/text-embedding.ts";
// Prompts
export type { Marking, PromptPiece } from "./prompt/piece.ts";
export { trusted } from "./prompt/piece.ts";
export { type DocumentOptions, type ExampleParts, type PromptScope, publicScope, tenantScope } from "./prompt/scope.ts";
export {
  type Prompt,
  type PromptTemplate,
  promptTemplate,
  type TemplateOptions,
  type Variables,
} from "./prompt/template.ts";
// Several models as one
export { type Hybrid, type HybridOptions, hybrid } from "./routing/hybrid.ts";
export type { Decision, Memory } from "./routing/route.ts";
