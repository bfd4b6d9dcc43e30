/** What became of the jobs that were running when their worker, or all workers of a Semel, began to close. Each is in one list. */
export interface Closed {
  /** They have ended by themselves; what came of them is on record. */
  readonly finished: readonly string[];
  /** They were given back, and no attempt was counted. */
  readonly released: readonly string[];
  /**
   * Neither: the processor goes on although its signal has fired, the store did not answer, or another worker has the job by
   * now. Those that are on record as running are taken over when their lease ends, and a crash is counted.
   */
  readonly leftBehind: readonly string[];
}

/** All of them as one. */
export const together = (all: readonly Closed[]): Closed => ({
  finished: all.flatMap(({ finished }) => finished),
  released: all.flatMap(({ released }) => released),
  leftBehind: all.flatMap(({ leftBehind }) => leftBehind),
});
