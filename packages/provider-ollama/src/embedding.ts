import { numberOf, peek, textOf, type WireEmbeddings } from "@semel/ai/provider";

export interface EmbedSettings {
  readonly dimensions: number | undefined;
  readonly contextTokens: number | undefined;
  readonly keepAlive: string | number | undefined;
}

export const embedBody = (model: string, input: readonly string[], settings: EmbedSettings): object => ({
  model,
  input,
  // A text that is too long is refused; left to itself Ollama cuts it, and the vector is that of half a text.
  truncate: false,
  ...(settings.dimensions !== undefined && { dimensions: settings.dimensions }),
  ...(settings.keepAlive !== undefined && { keep_alive: settings.keepAlive }),
  ...(settings.contextTokens !== undefined && { options: { num_ctx: settings.contextTokens } }),
});

/** Vectors in the order of the texts: they carry no number. */
export function readEmbeddings(answer: unknown): WireEmbeddings {
  const list = peek(answer, "embeddings");
  return {
    vectors: (Array.isArray(list) ? list : []).map((vector: unknown) => ({
      values: Array.isArray(vector) ? vector.map((value) => (typeof value === "number" ? value : Number.NaN)) : [],
    })),
    inputTokens: numberOf(peek(answer, "prompt_eval_count")),
    model: textOf(peek(answer, "model")),
  };
}
