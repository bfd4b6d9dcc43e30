// The public surface of @semel/provider-ollama, on one page.
export type { EnsureModelsOptions } from "./ensure-models.ts";
export { ollama } from "./ollama.ts";
export type { OllamaEmbeddingOptions, OllamaModelOptions, OllamaOptions, OllamaProvider } from "./options.ts";
export type { OllamaPullOptions, OllamaPullProgress } from "./pull/pull-options.ts";
