import type { Signals } from "@semel/core/adapter";
import type { FaultDiary } from "./fault-plan.ts";
import { inFrontOf } from "./faulty-object.ts";
import { type Faults, FaultyPort } from "./faulty-port.ts";

export interface SignalsPoints {
  /** Never rejects: a signal whose sending fails is lost. */
  readonly publish: Parameters<Signals["publish"]>;
  readonly subscribe: Parameters<Signals["subscribe"]>;
}
export type FaultySignals = Signals & Faults<SignalsPoints>;

export function faultySignals(signals: Signals, diary: FaultDiary): FaultySignals {
  const port = new FaultyPort("signals", ["publish", "subscribe"], diary);
  const own: Signals = {
    publish(...signal) {
      const passes = port.passes("publish", signal);
      if (passes === "now") signals.publish(...signal);
      if (passes === "late")
        port.connection.hang().then(
          () => signals.publish(...signal),
          () => {},
        );
    },
    subscribe: (...args) => port.call([{ point: "subscribe", call: args }], () => signals.subscribe(...args)),
    [Symbol.asyncDispose]: () => port.call([], async () => signals[Symbol.asyncDispose]()),
  };
  return inFrontOf(own, port.controls) as unknown as FaultySignals;
}
