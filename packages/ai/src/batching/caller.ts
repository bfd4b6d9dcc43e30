import type { Embeddings, ModelCall, Usage } from "@semel/core";

type Part = Pick<Embeddings, "provider" | "model" | "isMock" | "space" | "requestId">;

/** One text on its way. */
export interface Item {
  readonly text: string;
  readonly tokens: number;
  readonly caller: Caller;
  /** Its place among the caller's texts. */
  readonly index: number;
}

/** Somebody who waits for vectors, however many requests they come in. */
export class Caller {
  readonly call: ModelCall;
  readonly settled: Promise<Embeddings>;
  readonly #vectors: (Float32Array | undefined)[];
  readonly #gone: (caller: Caller) => void;
  #resolve: (embeddings: Embeddings) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #left: number;
  #usage: Usage = { certainty: "actual", inputTokens: 0, outputTokens: 0 };
  #part: Part | undefined;
  #isOver = false;

  /** @param gone told when the caller's signal fires */
  constructor(count: number, call: ModelCall, gone: (caller: Caller) => void) {
    this.call = call;
    this.#left = count;
    this.#vectors = new Array(count);
    this.#gone = gone;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    call.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  readonly #onAbort = (): void => {
    this.fail(this.call.signal?.reason);
    this.#gone(this);
  };

  give(index: number, vector: Float32Array, part: Part): void {
    if (this.#isOver) return;
    this.#vectors[index] = vector;
    this.#part ??= part;
    this.#left -= 1;
    if (this.#left > 0) return;
    const { requestId, ...answer } = this.#part;
    this.#end();
    this.#resolve({ ...answer, requestId, vectors: this.#vectors as Float32Array[], usage: this.#usage });
  }

  /** Its share of what a request cost, before that request's vectors are given. */
  charge(usage: Usage): void {
    if (this.#usage.certainty === "unknown" || usage.certainty === "unknown") {
      this.#usage = { certainty: "unknown" };
      return;
    }
    const certainty = this.#usage.certainty === "estimated" ? "estimated" : usage.certainty;
    this.#usage = { certainty, inputTokens: this.#usage.inputTokens + usage.inputTokens, outputTokens: 0 };
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.#isOver = true;
    this.call.signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.call.onUsage?.(this.#usage);
    } catch {
      // It was asked not to throw.
    }
  }
}
