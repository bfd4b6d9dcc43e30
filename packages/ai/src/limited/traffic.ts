import { type Clock, type Model, systemClock } from "@semel/core";
import { Breaker, type BreakerState, type BreakerStatus } from "../breaker/breaker.ts";
import { familyOf } from "../breaker/family.ts";
import { type BreakerOptions, breakerRules } from "../breaker/options.ts";
import type { Gate, GateState } from "../gate/gate.ts";
import { type GateOptions, LocalGate } from "../gate/local-gate.ts";
import { Parking, type ParkingState } from "../gate/parking.ts";

/** How it stands with one model, one credential. */
export interface ModelTraffic {
  readonly provider: string;
  readonly host: string;
  readonly model: string;
  readonly credential: string;
  /** Shared by all credentials and by all versions of the model. `undefined`: it has none. */
  readonly breaker: BreakerState | undefined;
  readonly gate: GateState | undefined;
  /** `undefined` unless calls with this credential are not sent: no money, or a refused key. */
  readonly parked: ParkingState | undefined;
}

/** Of a breaker whose state changed. */
export interface BreakerChange {
  readonly provider: string;
  readonly host: string;
  readonly family: string;
  readonly from: BreakerStatus;
  readonly state: BreakerState;
}

export interface TrafficOptions {
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Told of every change of a breaker, for metrics and logs. What it throws is ignored. */
  readonly onBreaker?: ((change: BreakerChange) => void) | undefined;
}

/** What guards one model. */
export interface Guards {
  readonly breaker: Breaker | undefined;
  readonly gate: Gate | undefined;
  readonly parking: Parking;
}

/**
 * What is known in this process of the health and the limits of models. Models limited with the same one share breakers, gates and
 * parked credentials, by their names. The options of whoever comes first go for all.
 */
export class Traffic {
  readonly clock: Clock;
  readonly #random: () => number;
  readonly #onBreaker: ((change: BreakerChange) => void) | undefined;
  readonly #breakers = new Map<string, Breaker>();
  readonly #gates = new Map<string, Gate>();
  readonly #parkings = new Map<string, Parking>();
  readonly #models = new Map<string, { model: Model; credential: string; guards: Guards }>();

  constructor({ clock = systemClock, random = Math.random, onBreaker }: TrafficOptions = {}) {
    this.clock = clock;
    this.#random = random;
    this.#onBreaker = onBreaker;
  }

  /** How it stands with every model that has been limited here. */
  get models(): readonly ModelTraffic[] {
    return [...this.#models.values()].map(({ model: { provider, host, model }, credential, guards }) => ({
      provider,
      host,
      model,
      credential,
      breaker: guards.breaker?.state,
      gate: guards.gate?.state,
      parked: guards.parking.state,
    }));
  }

  /** No calls to this model, nor to its other versions, until `restore`. */
  isolate(model: Model): void {
    this.#breakers.get(familyKey(model))?.isolate();
  }

  /** Calls pass again, whatever was known: its breaker is closed, its credential is no longer parked. */
  restore(model: Model, credential: string = credentialOf(model)): void {
    this.#breakers.get(familyKey(model))?.restore();
    this.#parkings.get(keyOf(model.provider, model.host, credential))?.free();
  }

  /** @internal */
  guards(model: Model, credential: string, breaker: BreakerOptions | false, gate: GateOptions | Gate | false): Guards {
    const lane = keyOf(model.provider, model.host, credential);
    const whole = keyOf(lane, model.model);
    const guards: Guards = {
      breaker:
        breaker === false ? undefined : at(this.#breakers, familyKey(model), () => this.#newBreaker(model, breaker)),
      gate:
        gate === false
          ? undefined
          : isGate(gate)
            ? gate
            : at(this.#gates, whole, () => new LocalGate(this.clock, gate)),
      parking: at(this.#parkings, lane, () => new Parking(this.clock)),
    };
    at(this.#models, whole, () => ({ model, credential, guards }));
    return guards;
  }

  #newBreaker(model: Model, options: BreakerOptions): Breaker {
    const { provider, host } = model;
    const onChange = (from: BreakerStatus, state: BreakerState): void => {
      try {
        this.#onBreaker?.({ provider, host, family: familyOf(model.model), from, state });
      } catch {
        // Whoever listens changes nothing.
      }
    };
    return new Breaker(breakerRules(options), { clock: this.clock, random: this.#random, onChange });
  }
}

let shared: Traffic | undefined;

/** The one of this process: what `limited` takes unless it is told otherwise. */
export function processTraffic(): Traffic {
  shared ??= new Traffic();
  return shared;
}

/** The word of a model's credential, for those that have none of their own. */
export const credentialOf = (model: Model): string => model.credential ?? "default";

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);
const familyKey = ({ provider, host, model }: Model): string => keyOf(provider, host, familyOf(model));
const isGate = (gate: GateOptions | Gate): gate is Gate => "enter" in gate;

function at<T>(map: Map<string, T>, key: string, make: () => T): T {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}
