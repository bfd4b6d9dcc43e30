import type { Clock } from "./clock.ts";

/** The call neither answered nor failed within its deadline. What it did, if anything, is unknown. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(what: string, deadlineMs: number) {
    super(`${what} did not answer within ${deadlineMs} ms`);
  }
}

/**
 * Settles as `work` does, or rejects with {@link NoAnswer} once `deadlineMs` is over. The work itself is not
 * stopped: a late answer is dropped, a late failure never becomes an unhandled rejection.
 */
export function within<T>(clock: Clock, deadlineMs: number, what: string, work: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.timer(deadlineMs, () => reject(new NoAnswer(what, deadlineMs)));
    // `new Promise` turns a synchronous throw of `work` into a rejection; the timer must not outlive it either.
    const settled =
      <V>(pass: (value: V) => void) =>
      (value: V): void => {
        timer.cancel();
        pass(value);
      };
    Promise.resolve().then(work).then(settled(resolve), settled(reject));
  });
}
