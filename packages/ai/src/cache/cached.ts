import { createHash } from "node:crypto";
import type { EmbeddingModel, Embeddings, EmbedRequest, ModelCall, Usage } from "@semel/core";
import { tellUsage } from "../listeners.ts";
import { checkedCall } from "../provider/checked-call.ts";
import { sumOfUsage } from "../usage-sum.ts";
import type { EmbeddingCache } from "./embedding-cache.ts";
import { memoryCache } from "./memory-cache.ts";

export interface CacheOptions {
  /** Default: `memoryCache()`. */
  readonly cache?: EmbeddingCache | undefined;
  /** Told of a cache that failed; the model was asked instead. What it throws is ignored. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/**
 * The same model, but a text it has embedded before is not sent again: not for the same tenant in the same vector space. A text that
 * several calls ask for at once is sent once; if that call fails, or is ended, the next of them sends it.
 *
 * Put it outside of `batched`, so that only what is missing is batched. Usage is that of what was sent for the call itself.
 */
export function cached(model: EmbeddingModel, { cache = memoryCache(), onProblem }: CacheOptions = {}): EmbeddingModel {
  /** Texts that are being asked for: resolves with the vector, or `undefined` where that call came to nothing. */
  const underWay = new Map<string, Promise<Float32Array | undefined>>();
  const report = (error: unknown): void => {
    try {
      onProblem?.(error);
    } catch {
      // Whoever listens changes nothing.
    }
  };
  const look = async (keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]> => {
    try {
      return (await cache.get(keys)).map((vector) => (fits(vector, model) ? vector : undefined));
    } catch (error) {
      report(error);
      return [];
    }
  };

  /** Asks the model for these texts, and lets others wait for them. */
  const ask = async (wanted: ReadonlyMap<string, string>, call: ModelCall): Promise<Embeddings> => {
    const keys = [...wanted.keys()];
    const asking = model.embed({ texts: [...wanted.values()] }, call);
    for (const [at, key] of keys.entries())
      underWay.set(
        key,
        asking.then(
          ({ vectors }) => vectors[at],
          () => undefined,
        ),
      );
    try {
      const answer = await asking;
      const entries = keys.map((key, at) => ({ key, vector: answer.vectors[at] as Float32Array }));
      // Only what is of the space it will be looked for in: a hybrid may answer in another.
      if (answer.space === model.space)
        await Promise.resolve(entries)
          .then((all) => cache.set(all))
          .catch(report);
      return answer;
    } finally {
      for (const key of keys) underWay.delete(key);
    }
  };

  const embed = async ({ texts }: EmbedRequest, call: ModelCall): Promise<Embeddings> => {
    const keys = texts.map((text) => keyOf(call.tenant, model, text));
    const wanted = new Map(keys.map((key, at) => [key, texts[at] as string]));
    const found = new Map<string, Float32Array>();
    for (const [at, vector] of (await look([...wanted.keys()])).entries())
      if (vector) found.set([...wanted.keys()][at] as string, vector);
    const usages: Usage[] = [];
    let last: Embeddings | undefined;
    try {
      while (found.size < wanted.size) {
        call.signal?.throwIfAborted();
        const missing = [...wanted].filter(([key]) => !found.has(key));
        const others = missing.flatMap(([key]) => underWay.get(key)?.then((vector) => [key, vector] as const) ?? []);
        const own = new Map(missing.filter(([key]) => !underWay.has(key)));
        if (own.size > 0) {
          const key = own.size === wanted.size ? call.key : call.key && digestOf([call.key, ...own.keys()]);
          last = await ask(own, { ...call, key, onUsage: (usage) => void usages.push(usage) });
          for (const [at, key] of [...own.keys()].entries()) found.set(key, last.vectors[at] as Float32Array);
        }
        for (const [key, vector] of await unlessEnded(Promise.all(others), call.signal))
          if (vector) found.set(key, vector);
      }
    } finally {
      tellUsage(call, sumOfUsage(usages));
    }
    const { provider, model: name, isMock, space } = last ?? model;
    const vectors = keys.map((key) => (found.get(key) as Float32Array).slice());
    return { provider, model: name, isMock, space, requestId: last?.requestId, usage: sumOfUsage(usages), vectors };
  };

  return {
    "~semel": "embedding-model/1",
    provider: model.provider,
    model: model.model,
    host: model.host,
    isMock: model.isMock,
    credential: model.credential,
    space: model.space,
    dimensions: model.dimensions,
    limits: model.limits,
    countTokens: (text) => model.countTokens(text),
    async embed(request, call = {}) {
      // What is no request, or asks for nothing, the model refuses in words of its own.
      return isText(request?.texts) ? embed(request, checkedCall(call)) : model.embed(request, call);
    },
  };
}

const isText = (texts: unknown): boolean =>
  Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === "string");

const keyOf = (tenant: string | undefined, { space, isMock }: EmbeddingModel, text: string): string =>
  digestOf([tenant ?? null, space, isMock, text]);

const digestOf = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

const fits = (vector: Float32Array | undefined, { dimensions }: EmbeddingModel): vector is Float32Array =>
  vector instanceof Float32Array && vector.length > 0 && (dimensions === undefined || vector.length === dimensions);

/** The same, unless the signal fires first; what is waited for goes on for whoever else waits. */
async function unlessEnded<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
