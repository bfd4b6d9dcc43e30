// The public surface of @semel/provider-openai, on one page.
export {
  type OpenAiClient,
  type OpenAiEmbeddingOptions,
  type OpenAiModelOptions,
  type OpenAiOptions,
  type OpenAiProvider,
  openai,
} from "./openai.ts";
