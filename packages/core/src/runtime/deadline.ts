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
    const succeed = (answer: T): void => {
      timer.cancel();
      resolve(answer);
    };
    const fail = (error: unknown): void => {
      timer.cancel();
      reject(error);
    };
    try {
      // Work of an application's own making may answer something that is no promise.
      Promise.resolve(work()).then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}
