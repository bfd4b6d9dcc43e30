import { setTimeout as delay } from "node:timers/promises";
import { chunkLabel } from "./chunk-name.ts";
import type { Embedder } from "./embedder.ts";
import type { Ledger } from "./ledger.ts";
import { hopelessText, type Mishaps, ProviderError } from "./mishaps.ts";

const latencyMs = 5;

export interface EmbeddingCall {
  readonly key: string;
  readonly chunk: string;
  readonly text: string;
  readonly signal: AbortSignal;
}

/**
 * What stands between the jobs and the paid call: fails now and then, and writes every answered call into the ledger. Without a real
 * provider it also stands for one, and takes a moment. Like real ones it recognises an idempotency key and charges it once; that
 * matters after a crash only, and the check demands that within one process no call is made twice.
 */
export class CountedProvider {
  readonly #embedder: Embedder;
  readonly #ledger: Ledger;
  readonly #mishaps: Mishaps;
  readonly #known: Set<string>;
  #wave: Promise<void> | undefined;

  constructor(embedder: Embedder, ledger: Ledger, mishaps: Mishaps) {
    this.#embedder = embedder;
    this.#ledger = ledger;
    this.#mishaps = mishaps;
    this.#known = new Set(ledger.lines.map(({ key }) => key));
  }

  async embed({ key, chunk, text, signal }: EmbeddingCall): Promise<Float32Array> {
    if (this.#embedder.isFake) await this.#moment();
    signal.throwIfAborted();
    if (text === hopelessText)
      throw new ProviderError(422, `${chunkLabel(chunk)}: the provider refuses this text (on purpose)`);
    this.#mishaps.beforeEffect(chunk);
    const vector = await this.#embedder.embed(text, { key, signal });
    const at = new Date().toISOString();
    this.#ledger.append({ at, pid: process.pid, key, chunk, charged: !this.#known.has(key) });
    this.#known.add(key);
    return vector;
  }

  /** Calls that come together are answered together, as those of one batch would be. */
  #moment(): Promise<void> {
    this.#wave ??= delay(latencyMs).then(() => {
      this.#wave = undefined;
    });
    return this.#wave;
  }
}
