import { breathe } from "./breathe.ts";
import type { Clock, Timer } from "./clock.ts";
import { NoAnswer } from "./deadline.ts";
import { LinkedList } from "./linked-list.ts";

interface Pending<I, O> {
  readonly item: I;
  resolve(answer: O): void;
  reject(error: unknown): void;
  /** Ends the patience of whoever asked. */
  timer?: Timer;
}

/** How long one answer is waited for. */
export interface Patience {
  readonly clock: Clock;
  readonly ms: number;
  /** What is asked, for the error. */
  readonly what: string;
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
 * Turns the calls of concurrent jobs into few calls with many items. What is asked within one turn of the event loop
 * leaves together at its end, a lone item with it, and before the loop goes on. While `maxCalls` calls are under way, what
 * comes meanwhile gathers.
 */
export class Gatherer<I, O> {
  readonly #call: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #maxItems: number;
  readonly #maxCalls: number;
  readonly #mayResend: (error: unknown) => boolean;
  readonly #gathered = new LinkedList<Pending<I, O>>();
  #calls = 0;
  #isScheduled = false;

  /** @param call answers in the order of its items, and comes to an end. */
  constructor(call: (items: readonly I[]) => Promise<readonly O[]>, options: GathererOptions = {}) {
    this.#call = call;
    this.#maxItems = options.maxItems ?? 64;
    this.#maxCalls = options.maxCalls ?? 2;
    this.#mayResend = options.mayResend ?? (() => false);
  }

  /** Rejects with {@link NoAnswer} when the patience is over; what has not left by then will not leave any more. */
  send(item: I, patience?: Patience): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      const pending: Pending<I, O> = { item, resolve, reject };
      const place = this.#gathered.push(pending);
      if (patience) {
        const { clock, ms, what } = patience;
        pending.timer = clock.timer(ms, () => {
          place.leave();
          reject(new NoAnswer(what, ms));
        });
      }
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#calls >= this.#maxCalls) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#gathered.size > 0 && this.#calls < this.#maxCalls) {
      this.#calls++;
      void this.#deliver(this.#gathered.take(this.#maxItems)).then(() => {
        this.#calls--;
        this.#flush();
      });
    }
  }

  async #deliver(batch: readonly Pending<I, O>[]): Promise<void> {
    try {
      const answers = await this.#call(batch.map(({ item }) => item));
      await breathe();
      batch.forEach((pending, index) => {
        const answer = answers[index];
        pending.timer?.cancel();
        if (answer !== undefined) pending.resolve(answer);
        else pending.reject(new Error(`${answers.length} answers came for ${batch.length} questions`));
      });
    } catch (error) {
      // One item that cannot be served must not fail those it happened to travel with.
      if (batch.length > 1 && this.#mayResend(error)) await Promise.all(batch.map((one) => this.#deliver([one])));
      else {
        for (const { timer, reject } of batch) {
          timer?.cancel();
          reject(error);
        }
      }
    }
  }
}
