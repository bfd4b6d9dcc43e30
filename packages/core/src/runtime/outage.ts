import type { Clock } from "./clock.ts";

/** What is known of an outage once it is over. */
export interface Outage {
  /** From the first call that failed to the next answer. */
  readonly outageMs: number;
  /** Calls that failed in it. */
  readonly failures: number;
}

/** Notices when somebody who did not answer answers again. */
export class OutageWatch {
  readonly #clock: Clock;
  readonly #onOver: (outage: Outage) => void;
  /** On the monotonic clock. */
  #since: number | undefined;
  #failures = 0;

  constructor(clock: Clock, onOver: (outage: Outage) => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** Passes on how `call` ends, and takes note of it. */
  async noting<T>(call: () => Promise<T>): Promise<T> {
    let answer: T;
    try {
      answer = await call();
    } catch (error) {
      this.#since ??= this.#clock.monotonic();
      this.#failures++;
      throw error;
    }
    if (this.#since !== undefined) this.#over(this.#since);
    return answer;
  }

  #over(since: number): void {
    const outage = { outageMs: this.#clock.monotonic() - since, failures: this.#failures };
    this.#since = undefined;
    this.#failures = 0;
    this.#onOver(outage);
  }
}
