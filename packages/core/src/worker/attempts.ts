import type { Clock } from "../runtime/clock.ts";

/** A queue that polls hands out without our noticing; so whoever waits looks again after this long. */
const lookEveryMs = 100;

/** How many attempts a worker has under way, and those who wait for them to end. */
export class Attempts {
  readonly #clock: Clock;
  #underWay = 0;
  #onLast = (): void => {};
  #sooner: ((ms: number) => void) | undefined;
  /** Nobody is told anything as long as there is nobody who might want to know. */
  #watching = 0;
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get underWay(): number {
    return this.#underWay;
  }

  begin(): void {
    this.#underWay++;
  }

  end(): void {
    if (--this.#underWay === 0) this.#onLast();
    // After the queue has had its turn to act on the disposition.
    if (this.#watching > 0) setImmediate(() => this.tellAll());
  }

  /** Whether all of them end within the time. */
  endWithin(ms: number): Promise<boolean> {
    if (this.#underWay === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const over = (): void => resolve(false);
      let timer = this.#clock.timer(ms, over);
      this.#sooner = (left) => {
        timer.cancel();
        timer = this.#clock.timer(left, over);
      };
      this.#onLast = () => {
        timer.cancel();
        resolve(true);
      };
    });
  }

  /** Whoever waits for them to end waits no longer than this from now on. */
  hurry(ms: number): void {
    this.#sooner?.(ms);
  }

  /** Asks `isOver` again at each end of an attempt, until it says so. */
  async until(isOver: () => Promise<boolean>): Promise<void> {
    this.#watching++;
    try {
      while (!(await isOver())) await this.#change();
    } finally {
      this.#watching--;
    }
  }

  /** Something else has changed. */
  tellAll(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#watchers.delete(done);
        resolve();
      };
      const timer = this.#clock.timer(lookEveryMs, done);
      this.#watchers.add(done);
    });
  }
}
