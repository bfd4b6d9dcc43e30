import { Timers } from "./timers.ts";

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

const foreground = new Timers();
const background = new Timers("background");
const nativeSetTimeout = globalThis.setTimeout;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(delayMs, fire, kind) {
    if (globalThis.setTimeout !== nativeSetTimeout) return replacedTimer(delayMs, fire, kind);
    return (kind === "background" ? background : foreground).set(delayMs, fire);
  },
};

/** Whoever puts a `setTimeout` of their own in place of the native one, as fake timers do, means these timers too. */
function replacedTimer(delayMs: number, fire: () => void, kind?: "background"): Timer {
  const handle = globalThis.setTimeout(fire, delayMs);
  if (kind === "background") handle.unref?.();
  return { cancel: () => clearTimeout(handle) };
}

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
