/** An answer with the response it came in. */
interface Answered {
  withResponse(): Promise<{
    readonly data: unknown;
    readonly request_id?: string | null | undefined;
    readonly response?: { readonly headers?: unknown } | undefined;
  }>;
}

interface RequestOptions {
  readonly signal: AbortSignal;
  readonly maxRetries: number;
  readonly timeout: number;
  /** The client sends an idempotency key only where somebody has configured it to. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

type Create = (body: never, options: RequestOptions) => Answered;

/** What is needed of an `OpenAI` client, of whichever version: no class, and none of its types. */
export interface OpenAiClient {
  readonly baseURL: string;
  readonly embeddings: { create: Create };
  readonly chat: { readonly completions: { create: Create } };
  readonly images: { generate: Create };
}
