/** A request that shared the provider with others and took this many times as long as one alone was only waiting its turn. */
const serialRatio = 1.6;
/** At a time, before anything is known. */
const first = 4;
/** Whoever was answered and asks again at once, does so within this. Whoever comes later is somebody else. */
const comeBackMs = 2;
/** Requests after which one more at a time is tried again. */
const tryAgainAfter = 16;

/**
 * Finds out how many requests at a time are of use. A provider that answers one after the other gains nothing from a second:
 * what comes meanwhile is better collected. One that answers side by side is given all there is.
 *
 * It begins with a few, and with each that was not slowed down by its company twice as many. One that had company and took much
 * longer than one alone says that requests queue up: then one at a time, and after some of those, a look whether two do better.
 */
export class Room {
  readonly #most: number;
  readonly #onFree: () => void;
  #now: number;
  #inFlight = 0;
  #aloneMs: number | undefined;
  #since = 0;
  /** Texts of the request that went last, and when the last one was answered. */
  #last = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;

  /** @param onFree told whenever a request is over. */
  constructor(most: number, onFree: () => void) {
    this.#onFree = onFree;
    this.#most = most;
    this.#now = Math.min(most, first);
  }

  get isFree(): boolean {
    return this.#inFlight < this.#now;
  }

  /**
   * Nothing is under way, and at once after the answer as many texts wait as the last request had: whoever was answered has come back,
   * and there is nobody left to wait for. Of a single one that is not said: it may be the first of many.
   */
  isComplete(waiting: number, nowMs: number): boolean {
    if (this.#inFlight > 0 || this.#last < 2 || waiting < this.#last) return false;
    return nowMs - this.#answeredAtMs <= comeBackMs;
  }

  /** A request of so many texts goes. What is answered is called when it is over. */
  begin(nowMs: number, texts: number): (endMs: number, isAnswered: boolean) => void {
    const company = this.#inFlight++;
    this.#last = texts;
    return (endMs, isAnswered) => {
      this.#inFlight--;
      this.#answeredAtMs = endMs;
      if (isAnswered) this.#learn(endMs - nowMs, company);
      this.#onFree();
    };
  }

  #learn(tookMs: number, company: number): void {
    if (company === 0) {
      this.#aloneMs = this.#aloneMs === undefined ? tookMs : this.#aloneMs * 0.8 + tookMs * 0.2;
      if (this.#now === 1 && this.#most > 1 && ++this.#since >= tryAgainAfter) this.#now = 2;
    } else if (this.#aloneMs === undefined) return;
    else if (tookMs > this.#aloneMs * serialRatio) {
      this.#now = 1;
      this.#since = 0;
    } else this.#now = Math.min(this.#most, this.#now * 2);
  }
}
