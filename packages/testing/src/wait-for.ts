export interface WaitForOptions {
  /** What is waited for, as the end of the sentence "waited 5000 ms in vain for …". */
  readonly what: string;
  /** In real time. Default: 5,000. Choose it generously: it costs nothing while the condition comes true. */
  readonly deadlineMs?: number | undefined;
}

/** Often enough to feel immediate, rarely enough to leave the processor to the work that is waited for. */
const pollMs = 5;

/**
 * Resolves as soon as `condition` is truthy, with its value, looking again and again in real time. A condition that
 * throws is not met yet.
 * @throws after the deadline, with what the condition threw last as `cause`.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitForOptions): Promise<T> {
  const { what, deadlineMs = 5_000 } = options;
  const startedAt = performance.now();
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (thrown) {
      cause = thrown;
    }
    if (performance.now() - startedAt >= deadlineMs)
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
