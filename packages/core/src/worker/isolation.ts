import type { Arrival } from "./arrival.ts";

/** Before it has lost this many workers, nobody can tell the job that kills from those that happen to run beside it. */
const leastCrashes = 1;

/**
 * Keeps jobs that have lost nearly as many workers as they may apart from each other: one at a time in a process. When a
 * process dies, each job it ran is charged with a crash, the one that killed it and its neighbours alike, and all come back
 * together. Run apart, the next death is charged to the one that caused it.
 */
export class Isolation {
  #isTaken = false;

  /** Answers how to leave again; `undefined` while another is in. */
  enter(): (() => void) | undefined {
    if (this.#isTaken) return undefined;
    this.#isTaken = true;
    return () => {
      this.#isTaken = false;
    };
  }
}

/** Whether one more lost worker but one would make it dead. One that is dead already harms nobody: it does not run. */
export function isSuspect({ claimed, registration }: Arrival): boolean {
  if (!registration || claimed.doomed) return false;
  return claimed.crashes >= Math.max(leastCrashes, registration.job.maxCrashes - 1);
}
