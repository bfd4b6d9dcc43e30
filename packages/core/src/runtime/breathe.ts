/** Longer than this, timers and signals are not kept waiting. */
const longestBreathMs = 20;
let breathedAt = performance.now();

/**
 * Lets the event loop turn, if it has not for a while. Work on an in-process database settles in microtasks alone: a
 * long run of it would keep every timer (a lease's renewal!) and every signal waiting until it is done.
 */
export function breathe(): Promise<void> | undefined {
  if (performance.now() - breathedAt < longestBreathMs) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      breathedAt = performance.now();
      resolve();
    });
  });
}
