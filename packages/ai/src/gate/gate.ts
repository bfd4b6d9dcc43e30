import type { EpochMs, ModelError, RateLimits } from "@semel/core";

/** What a call is given that may pass. `leave` once, however it ended. */
export interface Passage {
  /** What the provider says of its limits; may be told often, also after `leave`. */
  limits(limits: RateLimits): void;
  /** @param failed what it threw; `undefined` for an answer. */
  leave(failed?: ModelError | undefined): void;
}

/** What is answered to a call that may not pass. */
export interface Refusal {
  /** Not before. Different for each, so that not all come back at once. */
  readonly retryAfterMs: number;
  readonly reason: string;
}

export interface GateState {
  /** `undefined`: calls pass. */
  readonly until: EpochMs | undefined;
  readonly inFlight: number;
  /** How many may be in flight now; `undefined`: any. */
  readonly room: number | undefined;
  /** Calls refused so far, here. */
  readonly refused: number;
}

/**
 * Lets calls to one model with one credential through as its limits allow. It never makes a call wait: who may not pass is told
 * when to come again, and its job frees its slot.
 *
 * {@link LocalGate} knows what this process has seen. One that asks a store, so that all processes share what they know, fits the
 * same place; so `enter` may answer late.
 */
export interface Gate {
  enter(): Passage | Refusal | Promise<Passage | Refusal>;
  readonly state: GateState;
}
