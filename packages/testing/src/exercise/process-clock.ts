import type { Clock, Timer } from "@semel/core/adapter";

/** The clock as a process sees it that can be made to stand still: time goes on, and its timers fire when it wakes up. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #isPaused = false;
  readonly #late = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  timer(delayMs: number, fire: () => void, kind?: "background"): Timer {
    const due = (): void => {
      if (this.#isPaused) this.#late.add(fire);
      else fire();
    };
    const timer = this.#clock.timer(delayMs, due, kind);
    return {
      cancel: () => {
        timer.cancel();
        this.#late.delete(fire);
      },
    };
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const late = [...this.#late];
    this.#late.clear();
    for (const fire of late) fire();
  }
}
