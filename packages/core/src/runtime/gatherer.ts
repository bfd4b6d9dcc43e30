interface Pending<I, O> {
  readonly item: I;
  resolve(answer: O): void;
  reject(error: unknown): void;
}

/**
 * Turns the calls of concurrent jobs into few calls with many items. A lone item waits for nothing: it leaves in the
 * microtask it came in. While `maxCalls` calls are under way, what comes meanwhile gathers, and leaves together.
 */
export class Gatherer<I, O> {
  readonly #call: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #maxItems: number;
  readonly #maxCalls: number;
  #gathered: Pending<I, O>[] = [];
  #calls = 0;
  #isScheduled = false;

  /** @param call answers in the order of its items. */
  constructor(
    call: (items: readonly I[]) => Promise<readonly O[]>,
    options: { readonly maxItems?: number; readonly maxCalls?: number } = {},
  ) {
    this.#call = call;
    this.#maxItems = options.maxItems ?? 64;
    this.#maxCalls = options.maxCalls ?? 2;
  }

  send(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#gathered.push({ item, resolve, reject });
      if (this.#isScheduled || this.#calls >= this.#maxCalls) return;
      this.#isScheduled = true;
      queueMicrotask(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    });
  }

  #flush(): void {
    while (this.#gathered.length > 0 && this.#calls < this.#maxCalls) {
      const batch = this.#gathered.splice(0, this.#maxItems);
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
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error(`${answers.length} answers came for ${batch.length} questions`));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
