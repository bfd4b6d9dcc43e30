import type { Clock, EpochMs, ModelErrorCode } from "@semel/core";

/** Why calls with a credential are not sent. */
export type ParkedBy = Extract<ModelErrorCode, "MODEL_QUOTA_SPENT" | "MODEL_CREDENTIAL_REFUSED">;

export interface ParkingState {
  readonly code: ParkedBy;
  readonly since: EpochMs;
  /** When the next call is tried. */
  readonly until: EpochMs;
}

const firstTrialMs = 60_000;
const rarestTrialMs = 15 * 60_000;

/**
 * A credential without money, or one that is refused, needs a person. Until then its calls are not sent, except for one now and
 * then that finds out: after one minute, then after twice as long each time, at most 15 minutes.
 */
export class Parking {
  readonly #clock: Clock;
  #parked: { code: ParkedBy; since: EpochMs; untilMs: number; waitMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): ParkingState | undefined {
    if (!this.#parked) return undefined;
    const { code, since, untilMs } = this.#parked;
    return { code, since, until: Math.round(this.#clock.now() + Math.max(0, untilMs - this.#clock.monotonic())) };
  }

  /** `undefined`: go. Whoever is let through as the trial sets the time of the next one, so a trial that hangs blocks nothing. */
  ask(): { readonly code: ParkedBy; readonly retryAfterMs: number } | undefined {
    if (!this.#parked) return undefined;
    const nowMs = this.#clock.monotonic();
    const leftMs = this.#parked.untilMs - nowMs;
    if (leftMs > 0) return { code: this.#parked.code, retryAfterMs: Math.ceil(leftMs) };
    this.#parked.waitMs = Math.min(rarestTrialMs, this.#parked.waitMs * 2);
    this.#parked.untilMs = nowMs + this.#parked.waitMs;
    return undefined;
  }

  park(code: ParkedBy): void {
    const nowMs = this.#clock.monotonic();
    // What was sent before it was known says nothing new.
    if (this.#parked && this.#parked.untilMs > nowMs) this.#parked.code = code;
    else this.#parked = { code, since: this.#clock.now(), untilMs: nowMs + firstTrialMs, waitMs: firstTrialMs };
  }

  /** The credential works, or an operator says so. */
  free(): void {
    this.#parked = undefined;
  }
}
