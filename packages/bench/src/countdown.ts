/** Counts what is done until all is. */
export interface Countdown {
  tick(): void;
  fail(error: unknown): void;
  /** Resolves with the time, on the monotonic clock, at which the last one was done. */
  readonly done: Promise<number>;
}

/** @throws from `done`: what was handed to `fail`, or an error when one is done too many. */
export function countdown(count: number): Countdown {
  let left = count;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Whoever fails before anybody waits must not end the process.
  promise.catch(() => {});
  return {
    tick() {
      left -= 1;
      if (left === 0) resolve(performance.now());
      if (left < 0) reject(new Error(`${count} jobs were to be done, and one was done once more`));
    },
    fail: (error) => reject(error),
    done: promise,
  };
}
