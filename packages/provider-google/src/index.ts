// The public surface of @semel/provider-google, on one page.
export type { GoogleClient } from "./client.ts";
export { google } from "./google.ts";
export type { GoogleEmbeddingOptions, GoogleModelOptions, GoogleOptions, GoogleProvider } from "./options.ts";
