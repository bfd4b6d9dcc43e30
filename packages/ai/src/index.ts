// The public surface of @semel/ai, on one page.

// Calls that share requests
export { type BatchedOptions, batched } from "./batching/batched.ts";
// Checks on what goes in and what comes out
export { canaryCheck } from "./checks/canary.ts";
export type { Check, Finding, Subject, Verdict } from "./checks/check.ts";
export { type GuardedOptions, guarded } from "./checks/guarded.ts";
export { injectionCheck, injectionVersion } from "./checks/injection.ts";
export { type LinksOptions, linksCheck } from "./checks/links.ts";
export { secretsCheck } from "./checks/secrets.ts";
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
