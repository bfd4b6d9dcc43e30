import { type Clock, wait } from "./clock.ts";

/** Lets one through at a time, at most so many a second, and saves nothing up: after a pause there is no burst. */
export class Pace {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #next = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#everyMs = 1000 / perSecond;
  }

  /** Rejects with the signal's reason when it fires first. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#everyMs;
    if (at > now) await wait(this.#clock, at - now, signal);
  }
}
