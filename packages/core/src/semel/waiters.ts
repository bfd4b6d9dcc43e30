import type { JobId } from "../job/identity.ts";
import type { Signals } from "../queue/signals.ts";
import { type Clock, wait } from "../runtime/clock.ts";

const firstLookMs = 50;
const laterLookMs = 1_000;

/** Those who wait for jobs to end. A signal wakes them at once; without one they look from time to time. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<JobId, Set<() => void>>();
  readonly #closed = new AbortController();
  #signals: Signals | undefined;
  #subscription: Promise<AsyncDisposable> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From the first who waits on: where nobody ever does, no process is told of everybody's jobs. */
  listen(signals: Signals): void {
    this.#signals = signals;
  }

  #subscribe(): void {
    this.#subscription ??= this.#signals?.subscribe("changed", (id) => {
      for (const wake of this.#waiting.get(id) ?? []) wake();
    });
    // Without signals it is slower, not wrong; the next who waits tries again.
    this.#subscription?.catch(() => {
      this.#subscription = undefined;
    });
  }

  /**
   * Looks until `look` answers something. Rejects with the signal's reason, or when {@link close} is called.
   */
  async until<T>(id: JobId, look: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
    this.#subscribe();
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    for (let pauseMs = firstLookMs; ; pauseMs = Math.min(laterLookMs, pauseMs * 2)) {
      stop.throwIfAborted();
      const woken = this.#wake(id);
      try {
        const seen = await look();
        if (seen !== undefined) return seen;
        const over = new AbortController();
        const pause = wait(this.#clock, pauseMs, AbortSignal.any([stop, over.signal]));
        await Promise.race([woken.promise, pause.catch(() => {})]);
        over.abort();
      } finally {
        woken.forget();
      }
    }
  }

  #wake(id: JobId): { readonly promise: Promise<void>; forget(): void } {
    const wakers = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, wakers);
    let wake = (): void => {};
    const promise = new Promise<void>((resolve) => {
      wake = resolve;
    });
    wakers.add(wake);
    return {
      promise,
      forget: () => {
        wakers.delete(wake);
        if (wakers.size === 0 && this.#waiting.get(id) === wakers) this.#waiting.delete(id);
      },
    };
  }

  async close(reason: Error): Promise<void> {
    this.#closed.abort(reason);
    // Not waited for: where signals cannot be reached it is still being made, and they are disposed of next anyway.
    this.#subscription?.then((subscription) => subscription[Symbol.asyncDispose]()).catch(() => {});
  }
}
