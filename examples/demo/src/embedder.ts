import { batched, limited } from "@semel/ai";
import { type EmbeddingModel, ModelError, SemelError } from "@semel/core";
import type { Arguments } from "./arguments.ts";
import { DemoError } from "./demo-error.ts";
import { lexicalEmbedding } from "./lexical-embedding.ts";

/** Turns texts into vectors of length 1. */
export interface Embedder extends AsyncDisposable {
  /** Of its vectors: an index holds those of one space. */
  readonly space: string;
  /** `true`: made here, for nothing. */
  readonly isFake: boolean;
  /** For whoever runs the demo. */
  readonly about: string;
  /**
   * Before the first text: asks whether the provider is there. May take long, and says how far it is.
   * @throws `MODEL_TIMEOUT` where nobody answers; what else the provider says.
   */
  prepare(tell: Tell, stop: AbortSignal): Promise<void>;
  embed(text: string, call: { readonly key?: string; readonly signal?: AbortSignal }): Promise<Float32Array>;
}

/** What is being done, and how far it is. */
export type Tell = (text: string, rest?: string) => void;

export const lexical: Embedder = {
  space: "lexical",
  isFake: true,
  about: "lexical, made here: hashed words and trigrams; the provider is fake and every call is counted",
  prepare: async () => {},
  [Symbol.asyncDispose]: async () => {},
  embed: async (text) => lexicalEmbedding(text),
};

const placeholder = "your_openai_api_key_here";
/** For one text, or a list of models. Loading a model, or pulling it, takes longer; but by then somebody has answered. */
const answerMs = 15_000;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Which models are used: those that were asked for, else those that the environment names. Ollama first: it costs nothing.
 * @param limitMs within which a provider has to give a sign of life
 * @throws {DemoError} `ARGUMENT_INVALID`
 */
export async function embedderOf(
  { model }: Pick<Arguments, "model">,
  env: Env = process.env,
  limitMs = answerMs,
): Promise<Embedder> {
  const said = (name: string): string => env[name]?.trim() ?? "";
  const key = said("OPENAI_API_KEY");
  const hasKey = key !== "" && key !== placeholder;
  const chosen = model ?? (said("OLLAMA_HOST") !== "" ? "ollama" : hasKey ? "openai" : "lexical");
  switch (chosen) {
    case "lexical":
      return lexical;
    case "openai": {
      const found = key === "" ? "none" : "only the placeholder of an example";
      if (!hasKey)
        throw new DemoError("ARGUMENT_INVALID", `--model openai: expected a key in OPENAI_API_KEY, found ${found}`);
      return openAi(key, said("OPENAI_BASE_URL"), limitMs);
    }
    case "ollama":
      return ollamaAt(said("OLLAMA_HOST"), said("SEMEL_DEMO_MODEL") || "nomic-embed-text", limitMs);
  }
}

async function openAi(apiKey: string, address: string, limitMs: number): Promise<Embedder> {
  const { openai } = await import("@semel/provider-openai");
  const baseURL = address === "" ? undefined : address;
  // The client would take "localhost:8000" for an address of the kind "localhost".
  if (baseURL !== undefined && !/^https?:/i.test(baseURL))
    throw new DemoError("ARGUMENT_INVALID", "OPENAI_BASE_URL: expected an address like https://host/v1");
  const model = named({ "openai.baseURL": "OPENAI_BASE_URL" }, () =>
    openai({ apiKey, baseURL }).embedding("text-embedding-3-small", { dimensions: 512 }),
  );
  const isCharged = model.host === "api.openai.com";
  return {
    ...real(model),
    about: `${model.space} at ${model.host}: ${isCharged ? "real calls, which are charged to your key" : realCallsTo(model.host)}`,
    // A wrong key, or nobody there, is told now and once, rather than by every chunk.
    prepare: (tell, stop) =>
      withSignOfLife(model, limitMs, stop, async (signal) => {
        tell(asking(model));
        await model.embed({ texts: ["Is anybody there?"] }, { signal });
      }),
  };
}

async function ollamaAt(address: string, name: string, limitMs: number): Promise<Embedder> {
  const { ollama } = await import("@semel/provider-ollama");
  let onPull: (rest: string) => void = () => {};
  const pull = {
    onProgress: ({ completedBytes, totalBytes }: { completedBytes?: number; totalBytes?: number }) =>
      onPull(percent(completedBytes, totalBytes)),
  };
  const variables = { "ollama.host": "OLLAMA_HOST", "ollama.models": "SEMEL_DEMO_MODEL" };
  const provider = named(variables, () => ollama({ host: address, models: [name], pull }));
  const model = provider.embedding(name);
  return {
    ...real(model),
    about: `${model.space} at ${model.host}: ${realCallsTo(model.host)}`,
    // A pull that nobody waits for any more would keep the process alive until its last gigabyte.
    [Symbol.asyncDispose]: async () => provider.close(),
    async prepare(tell, stop) {
      await withSignOfLife(model, limitMs, stop, async (signal, heard) => {
        onPull = (rest) => {
          heard();
          tell(`${name} is being pulled`, `: ${rest}`);
        };
        tell(asking(model));
        await provider.ensureModels({ signal });
      });
      tell(`${name} is being loaded`);
      await model.embed({ texts: ["Is anybody there?"] }, { signal: stop });
    },
  };
}

const asking = ({ provider, host }: EmbeddingModel): string => `asking ${provider} at ${host} whether it answers`;

const percent = (done: number | undefined, all: number | undefined): string =>
  done !== undefined && all ? `${Math.floor((100 * done) / all)} %` : "…";

/** What a variable of the environment says may make no sense. @throws {DemoError} `ARGUMENT_INVALID` */
function named<T>(variables: Readonly<Record<string, string>>, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!SemelError.isInstance(error)) throw error;
    const variable = variables[String(error.details.option)];
    if (variable === undefined) throw error;
    throw new DemoError("ARGUMENT_INVALID", `${variable}: expected ${error.details.expected}`);
  }
}

/** @param host with its port, where it has one */
function realCallsTo(host: string): string {
  const { hostname } = new URL(`http://${host}`);
  const isOwn = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return `real calls to ${isOwn ? "your own machine" : host}`;
}

/** Ends work that nothing has been heard of for so long. @throws `MODEL_TIMEOUT` */
async function withSignOfLife(
  { provider, model, host }: EmbeddingModel,
  limitMs: number,
  stop: AbortSignal,
  work: (signal: AbortSignal, heard: () => void) => Promise<void>,
): Promise<void> {
  const silent = new AbortController();
  const message = `${provider} at ${host} has not answered within ${limitMs / 1000} s; --model lexical needs nobody`;
  const late = () => silent.abort(new ModelError("MODEL_TIMEOUT", message, { provider, model, isRetryable: true }));
  const timer = setTimeout(late, limitMs);
  const heard = () => clearTimeout(timer);
  try {
    await work(AbortSignal.any([stop, silent.signal]), heard);
  } finally {
    heard();
  }
}

/** As an application has it: calls at about the same time become one request, and none is sent that cannot succeed now. */
function real(model: EmbeddingModel): Omit<Embedder, "about" | "prepare"> {
  const shared = batched(limited(model));
  return {
    space: model.space,
    isFake: false,
    [Symbol.asyncDispose]: async () => {},
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
