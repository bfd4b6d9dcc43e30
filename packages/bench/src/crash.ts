let fail: ((error: unknown) => void) | undefined;

/**
 * From now on, what nobody catches ends the measurement under way and not the process: what others have measured is
 * not lost with it.
 */
export function survive(): void {
  process.on("uncaughtException", (error) => {
    if (fail) fail(error);
    else console.error(error);
  });
}

/** Does the work; rejects as it does, or with what was thrown meanwhile where nobody could catch it. */
export async function withCrashes<T>(work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  fail = reject;
  try {
    return await Promise.race([work(), promise]);
  } finally {
    fail = undefined;
  }
}
