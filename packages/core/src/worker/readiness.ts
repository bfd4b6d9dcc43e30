import { SemelError } from "../errors/semel-error.ts";
import type { EpochMs } from "../runtime/clock.ts";

/** How far this machine's clock may be off the store's: brokers judge delays by the clock of whoever fetches. */
const mostSkewMs = 2_000;

/** Whether a worker may take jobs: not while its clock is wrong. */
export class Readiness {
  #skewMs = 0;

  /** What is wrong; absent while nothing is. */
  get problem(): SemelError | undefined {
    if (Math.abs(this.#skewMs) <= mostSkewMs) return undefined;
    const direction = this.#skewMs > 0 ? "ahead of" : "behind";
    return new SemelError(
      "CLOCK_SKEW",
      `this machine's clock is ${Math.abs(Math.round(this.#skewMs))} ms ${direction} the store's; no job is taken until it is right again (within ${mostSkewMs} ms)`,
      { isRetryable: true, details: { skewMs: this.#skewMs } },
    );
  }

  /**
   * The store's clock showed `now` at some moment between two readings of this machine's. Only what the way of the answer
   * cannot explain is skew.
   */
  told(now: EpochMs, askedAt: EpochMs, answeredAt: EpochMs): void {
    this.#skewMs = now < askedAt ? askedAt - now : Math.min(0, answeredAt - now);
  }
}
