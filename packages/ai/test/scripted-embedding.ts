import {
  type EmbeddingModel,
  type Embeddings,
  type EmbedRequest,
  type ModelCall,
  ModelError,
  type ModelErrorCode,
} from "@semel/core";

/** An embedding model whose vectors say which text they are of, and which answers as it is told. */
export class ScriptedEmbedding implements EmbeddingModel {
  readonly "~semel" = "embedding-model/1" as const;
  readonly provider: string;
  readonly model: string = "scripted-embed";
  readonly host: string = "api.scripted.example";
  readonly credential: string | undefined;
  readonly isMock = false;
  readonly space: string;
  readonly dimensions: number | undefined = 2;
  limits = { maxItems: 100, maxTokens: 1_000, maxItemTokens: 500 };
  readonly asked: { readonly texts: readonly string[]; readonly call: ModelCall }[] = [];
  /** What to do before answering; throws to fail. */
  before: (texts: readonly string[], call: ModelCall) => unknown = () => {};
  /** What becomes of a right answer. */
  after: (answer: Embeddings) => Embeddings = (answer) => answer;

  constructor(named: { provider?: string; model?: string; host?: string; space?: string; credential?: string } = {}) {
    this.provider = named.provider ?? "scripted";
    if (named.model) this.model = named.model;
    if (named.host) this.host = named.host;
    this.credential = named.credential;
    this.space = named.space ?? `${this.provider}/${this.model}/2`;
  }

  countTokens(text: string): number {
    return text.length;
  }

  async embed({ texts }: EmbedRequest, call: ModelCall = {}): Promise<Embeddings> {
    this.asked.push({ texts, call });
    await this.before(texts, call);
    const usage = { certainty: "actual", inputTokens: texts.join("").length, outputTokens: 0 } as const;
    call.onUsage?.(usage);
    const { provider, model, space } = this;
    return this.after({ provider, model, space, isMock: false, usage, vectors: texts.map(vectorOf) });
  }

  fail(code: ModelErrorCode, more: { retryAfterMs?: number; status?: number } = {}): never {
    throw failure(code, more);
  }
}

const waits: ReadonlySet<string> = new Set([
  "MODEL_RATE_LIMITED",
  "MODEL_BUSY",
  "MODEL_QUOTA_SPENT",
  "MODEL_BREAKER_OPEN",
]);

export const failure = (code: ModelErrorCode, more: { retryAfterMs?: number; status?: number } = {}): ModelError =>
  new ModelError(code, `scripted ${code}`, {
    provider: "scripted",
    model: "scripted-embed",
    usage: { certainty: "actual", inputTokens: 0, outputTokens: 0 },
    ...(waits.has(code) ? { failureClass: "defer" } : {}),
    ...more,
  });

/** Tells its text apart from others; exact in 32 bits. */
export function vectorOf(text: string): Float32Array {
  let hash = 7;
  for (const letter of text) hash = (hash * 31 + letter.charCodeAt(0)) % 16_777_213;
  return Float32Array.of(hash, text.length + 1);
}
