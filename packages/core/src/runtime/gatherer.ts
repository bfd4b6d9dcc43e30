import { breathe } from "./breathe.ts";

interface Pending<I, O> {
  readonly item: I;
  resolve(answer: O): void;
  reject(error: unknown): void;
}

/** An item on its way. */
export interface Sent<O> {
  readonly answer: Promise<O>;
  /** Nobody waits for the answer any more: if it has not left yet, it will not. */
  withdraw(): void;
}

export interface GathererOptions {
  /** Items of one call. Default: 64. */
  readonly maxItems?: number | undefined;
  /** Calls under way at a time. Default: 2. */
  readonly maxCalls?: number | undefined;
  /** Whether each item of a failed call may be sent again by itself. Default: no. */
  readonly mayResend?: ((error: unknown) => boolean) | undefined;
}

/**
 * Turns the calls of concurrent jobs into few calls with many items. A lone item waits for nothing: it leaves in the
 * microtask it came in. While `maxCalls` calls are under way, what comes meanwhile gathers, and leaves together.
 */
export class Gatherer<I, O> {
  readonly #call: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #maxItems: number;
  readonly #maxCalls: number;
  readonly #mayResend: (error: unknown) => boolean;
  readonly #gathered = new Set<Pending<I, O>>();
  #calls = 0;
  #isScheduled = false;

  /** @param call answers in the order of its items, and comes to an end. */
  constructor(call: (items: readonly I[]) => Promise<readonly O[]>, options: GathererOptions = {}) {
    this.#call = call;
    this.#maxItems = options.maxItems ?? 64;
    this.#maxCalls = options.maxCalls ?? 2;
    this.#mayResend = options.mayResend ?? (() => false);
  }

  send(item: I): Sent<O> {
    let withdraw = (): void => {};
    const answer = new Promise<O>((resolve, reject) => {
      const pending: Pending<I, O> = { item, resolve, reject };
      this.#gathered.add(pending);
      withdraw = () => void this.#gathered.delete(pending);
      this.#schedule();
    });
    return { answer, withdraw: () => withdraw() };
  }

  #schedule(): void {
    if (this.#isScheduled || this.#calls >= this.#maxCalls) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#gathered.size > 0 && this.#calls < this.#maxCalls) {
      const batch = [...this.#gathered].slice(0, this.#maxItems);
      for (const pending of batch) this.#gathered.delete(pending);
      this.#calls++;
      void this.#deliver(batch).then(() => {
        this.#calls--;
        this.#flush();
      });
    }
  }

  async #deliver(batch: readonly Pending<I, O>[]): Promise<void> {
    try {
      const answers = await this.#call(batch.map(({ item }) => item));
      await breathe();
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error(`${answers.length} answers came for ${batch.length} questions`));
        else resolve(answer);
      });
    } catch (error) {
      // One item that cannot be served must not fail those it happened to travel with.
      if (batch.length > 1 && this.#mayResend(error)) await Promise.all(batch.map((one) => this.#deliver([one])));
      else for (const { reject } of batch) reject(error);
    }
  }
}
