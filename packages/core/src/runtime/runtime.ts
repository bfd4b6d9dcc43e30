import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "./clock.ts";

/**
 * What Semel would otherwise take from the machine: time, chance, new ids. Tests hand in their own and become
 * repeatable; production never needs to.
 */
export interface Runtime {
  readonly clock: Clock;
  /** Uniform in [0, 1): the jitter of a backoff. */
  random(): number;
  /** The unique half of a job id; 1–64 characters of `A–Z a–z 0–9 _ -`. */
  newId(): string;
  /**
   * Called at named points between two writes (`docs/lifecycle.md` lists them). A test kit throws from here to act
   * as if the process had died at that point; in production it is absent.
   */
  readonly failpoint?: ((name: string) => void) | undefined;
}

export const systemRuntime: Runtime = {
  clock: systemClock,
  random: Math.random,
  newId: randomUUID,
};

const crashBrand = Symbol.for("semel.simulated-crash");

/**
 * Thrown by a failpoint to end an attempt as a killed process would: nothing further is written and the delivery
 * is neither acknowledged nor returned. It is no error a processor should see, hence no `SemelError`.
 */
export class SimulatedCrash extends Error {
  static is(thrown: unknown): thrown is SimulatedCrash {
    return thrown instanceof Error && (thrown as unknown as Record<symbol, unknown>)[crashBrand] === true;
  }

  constructor(point: string) {
    super(`simulated crash at ${point}`);
    Object.defineProperty(this, crashBrand, { value: true, enumerable: false });
  }
}
