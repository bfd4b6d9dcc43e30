// The public surface of @semel/ai, on one page.

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
