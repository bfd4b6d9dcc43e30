import { batched, limited } from "@semel/ai";
import type { EmbeddingModel } from "@semel/core";
import type { Arguments } from "./arguments.ts";
import { DemoError } from "./demo-error.ts";
import { lexicalEmbedding } from "./lexical-embedding.ts";

/** Turns texts into vectors of length 1. */
export interface Embedder {
  /** Of its vectors: an index holds those of one space. */
  readonly space: string;
  /** `true`: made here, for nothing. */
  readonly isFake: boolean;
  /** For whoever runs the demo. */
  readonly about: string;
  /** Before the first text; may take long, and says how far it is. */
  prepare(tell: (text: string) => void, stop: AbortSignal): Promise<void>;
  embed(text: string, call: { readonly key?: string; readonly signal?: AbortSignal }): Promise<Float32Array>;
}

export const lexical: Embedder = {
  space: "lexical",
  isFake: true,
  about: "lexical, made here: hashed words and trigrams; the provider is fake and every call is counted",
  prepare: async () => {},
  embed: async (text) => lexicalEmbedding(text),
};

const placeholder = "your_openai_api_key_here";

/**
 * Which models are used: those that were asked for, else those that the environment names. Ollama first: it costs nothing.
 * @throws {DemoError} `ARGUMENT_INVALID`
 */
export async function embedderOf(
  { model }: Pick<Arguments, "model">,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Embedder> {
  const { OPENAI_API_KEY: key, OLLAMA_HOST: host } = env;
  const hasKey = key !== undefined && key !== "" && key !== placeholder;
  const chosen = model ?? (host ? "ollama" : hasKey ? "openai" : "lexical");
  switch (chosen) {
    case "lexical":
      return lexical;
    case "openai":
      if (!hasKey)
        throw new DemoError("ARGUMENT_INVALID", "--model openai: expected a key in OPENAI_API_KEY, found none");
      return openAi();
    case "ollama":
      return ollamaAt(env);
  }
}

async function openAi(): Promise<Embedder> {
  const { openai } = await import("@semel/provider-openai");
  const model = openai().embedding("text-embedding-3-small", { dimensions: 512 });
  return { ...real(model), about: `${model.space} at ${model.host}: real calls, which are charged to your key` };
}

async function ollamaAt(env: Readonly<Record<string, string | undefined>>): Promise<Embedder> {
  const { ollama } = await import("@semel/provider-ollama");
  const name = env.SEMEL_DEMO_MODEL || "nomic-embed-text";
  let tell: (text: string) => void = () => {};
  const provider = ollama({
    models: [name],
    pull: {
      onProgress: ({ completedBytes, totalBytes }) =>
        tell(`${name} is being pulled: ${percent(completedBytes, totalBytes)}`),
    },
  });
  const model = provider.embedding(name);
  const shared = real(model);
  return {
    ...shared,
    about: `${model.space} at ${model.host}: real calls to your own machine`,
    async prepare(progress, signal) {
      tell = progress;
      await provider.ensureModels({ signal });
      await shared.prepare(progress, signal);
    },
  };
}

const percent = (done: number | undefined, all: number | undefined): string =>
  done !== undefined && all ? `${Math.floor((100 * done) / all)} %` : "…";

/** As an application has it: calls at about the same time become one request, and none is sent that cannot succeed now. */
function real(model: EmbeddingModel): Omit<Embedder, "about"> {
  const shared = batched(limited(model));
  return {
    space: model.space,
    isFake: false,
    // A wrong key, or nobody there, is told now and once, rather than by every chunk.
    async prepare(_, signal) {
      await model.embed({ texts: ["Is anybody there?"] }, { signal });
    },
    async embed(text, call) {
      const { vectors } = await shared.embed({ texts: [text] }, call);
      return ofLengthOne(vectors[0] as Float32Array);
    },
  };
}

function ofLengthOne(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
