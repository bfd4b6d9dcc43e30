import { type Embeddings, type ModelCall, ModelError, type Usage } from "@semel/core";
import { tellUsage } from "../listeners.ts";
import { sumOfUsage } from "../usage-sum.ts";

/** One text of one call, on its way. */
export interface Item {
  readonly text: string;
  readonly tokens: number;
  /** Its place within the call. */
  readonly index: number;
  readonly owner: Caller;
}

/** What the answers of a batch have in common. */
export type Shared = Pick<Embeddings, "provider" | "model" | "isMock" | "requestId" | "space">;

/** One call of `embed`, until all its texts are settled, one of them has failed, or it was ended. */
export class Caller {
  readonly call: ModelCall;
  /** Texts. */
  readonly count: number;
  readonly promise: Promise<Embeddings>;
  #isOver = false;
  #left: number;
  readonly #vectors: Float32Array[];
  readonly #usages: Usage[] = [];
  #sentTokens = 0;
  #chargedTokens = 0;
  #resolve!: (answer: Embeddings) => void;
  #reject!: (reason: unknown) => void;
  readonly #listeners = new Set<() => void>();

  constructor(call: ModelCall, count: number) {
    this.call = call;
    this.count = count;
    this.#left = count;
    this.#vectors = new Array<Float32Array>(count);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Told when it is over. Answers how to be told no more. */
  onOver(told: () => void): () => void {
    this.#listeners.add(told);
    return () => void this.#listeners.delete(told);
  }

  /** A request with `tokens` of it is on its way. */
  sent(tokens: number): void {
    this.#sentTokens += tokens;
  }

  /** Its share of what a request cost. */
  charge(usage: Usage, tokens: number): void {
    this.#chargedTokens += tokens;
    this.#usages.push(usage);
  }

  settle(index: number, vector: Float32Array, shared: Shared): void {
    if (this.#isOver) return;
    this.#vectors[index] = vector;
    if (--this.#left > 0) return;
    const usage = this.#end();
    this.#resolve({ ...shared, vectors: this.#vectors, usage });
  }

  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#reject(reason);
  }

  #end(): Usage {
    this.#isOver = true;
    const underWay = this.#sentTokens - this.#chargedTokens;
    // Ended while a request was on its way: it may well be paid for.
    if (underWay > 0) this.#usages.push({ certainty: "estimated", inputTokens: underWay, outputTokens: 0 });
    const usage = sumOfUsage(this.#usages);
    tellUsage(this.call, usage);
    for (const told of this.#listeners) told();
    return usage;
  }
}

export const invalidAnswer = (shared: { provider: string; model: string }, why: string, usage?: Usage): ModelError =>
  new ModelError("MODEL_ANSWER_INVALID", `${shared.provider}/${shared.model}: ${why}`, {
    provider: shared.provider,
    model: shared.model,
    isRetryable: true,
    usage,
  });
