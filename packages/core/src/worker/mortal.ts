import { type Runtime, SimulatedCrash } from "../runtime/runtime.ts";

/**
 * An attempt that can die at a failpoint. A killed process does nothing more: whatever its processor awaits never comes, so
 * no `catch` of its own outlives the death, and every further point it gets to is the same end.
 */
export interface Mortal {
  readonly runtime: Runtime;
  /** Rejects with the crash. Never resolves. */
  readonly died: Promise<never>;
  /** What the call gives; nothing at all once the attempt has died. */
  whileAlive<T>(call: Promise<T>): Promise<T>;
}

/** `undefined` in production, where there are no failpoints. */
export function mortal(runtime: Runtime): Mortal | undefined {
  const { failpoint } = runtime;
  if (!failpoint) return undefined;
  let crash: SimulatedCrash | undefined;
  const { promise: died, reject } = Promise.withResolvers<never>();
  // Whoever does not wait for it does not want to hear of it.
  died.catch(() => {});
  const seen = (error: unknown): void => {
    if (crash || !SimulatedCrash.is(error)) return;
    crash = error;
    reject(error);
  };
  return {
    died,
    runtime: {
      ...runtime,
      failpoint(name) {
        if (crash) throw crash;
        try {
          failpoint(name);
        } catch (error) {
          seen(error);
          throw error;
        }
      },
    },
    async whileAlive(call) {
      try {
        const given = await call;
        if (!crash) return given;
      } catch (error) {
        seen(error);
        if (!crash) throw error;
      }
      return new Promise<never>(() => {});
    },
  };
}
