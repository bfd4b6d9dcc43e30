// The public surface of @semel/provider-ollama, on one page.
export {
  type EnsureModelsOptions,
  type OllamaEmbeddingOptions,
  type OllamaModelOptions,
  type OllamaOptions,
  type OllamaProvider,
  type OllamaPullOptions,
  type OllamaPullProgress,
  ollama,
} from "./ollama.ts";
