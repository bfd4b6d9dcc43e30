// The public surface of @semel/provider-openai, on one page.
export type { OpenAiClient } from "./client.ts";
export { openai } from "./openai.ts";
export type { OpenAiEmbeddingOptions, OpenAiModelOptions, OpenAiOptions, OpenAiProvider } from "./options.ts";
