import { type Clock, type ModelError, OptionInvalidError, type RateLimits } from "@semel/core";
import type { Gate, GateState, Passage, Refusal } from "./gate.ts";

export interface GateOptions {
  /** Calls at a time. Default: as many as the provider takes. */
  readonly maxInFlight?: number | undefined;
}

/** A hint is not believed beyond this: ask again then. */
const longestRestMs = 3_600_000;
const firstRestMs = 1_000;
const longestBlindRestMs = 60_000;
/** One refused call comes back this much after the one before it. */
const betweenMs = 25;
const longestSpreadMs = 30_000;
/** From here on, the slow start is over. */
const wideEnough = 64;

/**
 * A gate that knows what this process has seen: refusals, and what the provider says of its limits.
 *
 * After a 429 nothing passes until the provider's time. Then it is opened slowly: one call at a time, and with each success
 * twice as many, so that those who were refused do not bring about the next 429 together.
 */
export class LocalGate implements Gate {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  #untilMs = 0;
  /** When the last rest was announced: calls from before tell nothing new. */
  #restedAtMs = Number.NEGATIVE_INFINITY;
  #blindRests = 0;
  #room = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  #refused = 0;
  #refusedInARow = 0;

  constructor(clock: Clock, { maxInFlight = Number.POSITIVE_INFINITY }: GateOptions = {}) {
    if (!(maxInFlight >= 1) || (Number.isFinite(maxInFlight) && !Number.isInteger(maxInFlight)))
      throw new OptionInvalidError("gate.maxInFlight", "a whole number from 1", maxInFlight);
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
  }

  get state(): GateState {
    const leftMs = this.#untilMs - this.#clock.monotonic();
    const room = Math.min(this.#room, this.#maxInFlight);
    return {
      until: leftMs > 0 ? Math.round(this.#clock.now() + leftMs) : undefined,
      inFlight: this.#inFlight,
      room: Number.isFinite(room) ? room : undefined,
      refused: this.#refused,
    };
  }

  enter(): Passage | Refusal {
    const nowMs = this.#clock.monotonic();
    if (this.#untilMs > nowMs) return this.#refuse(this.#untilMs - nowMs, "its rate limit is used up");
    if (this.#inFlight >= Math.min(this.#room, this.#maxInFlight))
      return this.#refuse(0, `${this.#inFlight} calls are in flight, as many as there may be now`);
    this.#refusedInARow = 0;
    this.#inFlight++;
    let isIn = true;
    return {
      limits: (limits) => this.#hear(limits),
      leave: (failed) => {
        if (!isIn) return;
        isIn = false;
        this.#inFlight--;
        if (!failed) this.#widen();
        else if (failed.code === "MODEL_RATE_LIMITED") this.#rest(nowMs, failed);
      },
    };
  }

  #refuse(leftMs: number, reason: string): Refusal {
    this.#refused++;
    const spreadMs = Math.min(longestSpreadMs, ++this.#refusedInARow * betweenMs);
    return { retryAfterMs: Math.ceil(leftMs + spreadMs), reason };
  }

  #rest(beganMs: number, { retryAfterMs }: ModelError): void {
    const nowMs = this.#clock.monotonic();
    if (retryAfterMs === undefined && beganMs <= this.#restedAtMs) return;
    const blindMs = (): number => Math.min(longestBlindRestMs, firstRestMs * 2 ** Math.min(30, this.#blindRests++));
    this.#restUntil(nowMs + Math.min(longestRestMs, retryAfterMs ?? blindMs()));
  }

  #restUntil(untilMs: number): void {
    this.#restedAtMs = this.#clock.monotonic();
    this.#untilMs = Math.max(this.#untilMs, untilMs);
    this.#room = 1;
  }

  #widen(): void {
    if (this.#untilMs > this.#clock.monotonic()) return;
    this.#blindRests = 0;
    if (Number.isFinite(this.#room)) this.#room = this.#room >= wideEnough ? Number.POSITIVE_INFINITY : this.#room * 2;
  }

  #hear({ requests, tokens }: RateLimits): void {
    for (const allowance of [requests, tokens])
      if (allowance && allowance.remaining <= 0 && allowance.resetMs > 0)
        this.#restUntil(this.#clock.monotonic() + Math.min(longestRestMs, allowance.resetMs));
  }
}
