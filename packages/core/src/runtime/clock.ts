/** Milliseconds since 1970-01-01T00:00:00Z, as `Date.now()` gives them. */
export type EpochMs = number;

/** A timer that has not fired yet. Cancelling one that fired, or cancelling twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Where Semel takes its time from. Everything in core that waits or looks at a clock does it through this port, so
 * that a test can turn the clock instead of sleeping.
 */
export interface Clock {
  /** The wall clock: what instants (`createdAt`, `notBefore`) are written in. May jump. */
  now(): EpochMs;
  /** Milliseconds from an arbitrary start that never jumps: what a lease is measured with inside one process. */
  monotonic(): number;
  /**
   * Calls `fire` once, `delayMs` from now. A `background` timer does not keep the process alive: use it for upkeep
   * (renewal, sweeping), never for something a caller awaits.
   */
  timer(delayMs: number, fire: () => void, kind?: "background"): Timer;
}

/** `setTimeout` takes 31 bits; a longer delay would fire at once. */
const longestTimeout = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(delayMs, fire, kind) {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (left: number): void => {
      const step = Math.min(Math.max(0, left), longestTimeout);
      handle = setTimeout(() => (left > step ? arm(left - step) : fire()), step);
      if (kind === "background") handle.unref?.();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Resolves `delayMs` from now on the given clock. Rejects with the signal's reason when it fires first.
 */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.timer(delayMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
