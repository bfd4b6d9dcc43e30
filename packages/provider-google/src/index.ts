// The public surface of @semel/provider-google, on one page.
export {
  type GoogleClient,
  type GoogleEmbeddingOptions,
  type GoogleModelOptions,
  type GoogleOptions,
  type GoogleProvider,
  google,
} from "./google.ts";
