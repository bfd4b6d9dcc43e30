import { OptionInvalidError } from "@semel/core";
import type { Delivery, Duration } from "@semel/core/adapter";

/** Which calls a fault strikes, and at which moment of them. */
export interface FaultOptions<Call = unknown> {
  /** `before`: the call has had no effect. `after`: it has had its effect, and the reply is lost. Default: `before`. */
  readonly when?: "before" | "after" | undefined;
  /** How many calls are struck. `Infinity`: all, until `resume()`. Default: 1. */
  readonly times?: number | undefined;
  /** The probability with which each call is struck, drawn by the seed. One that is spared is not counted. Default: 1. */
  readonly chance?: number | undefined;
  /** Only calls that pass: of an operation it is told the operation, of a verb its arguments. */
  readonly if?: ((call: Call) => boolean) | undefined;
  /** What a failing call rejects with. Default: an `InjectedFault`, as a broken connection would give. */
  readonly error?: unknown;
}

/** Which deliveries a fault strikes. */
export interface DeliveryFaultOptions {
  /** How many deliveries are struck. `Infinity`: all, until `resume()`. Default: 1. */
  readonly times?: number | undefined;
  /** The probability with which each delivery is struck, drawn by the seed. Default: 1. */
  readonly chance?: number | undefined;
  /** Only deliveries that pass. */
  readonly if?: ((delivery: Delivery) => boolean) | undefined;
}

export interface FaultyOptions {
  /** What chance follows from: the same seed and the same calls, the same faults. Default: 1. */
  readonly seed?: number | undefined;
}

/** A delivery is handed over late: by this long, or by a random part of it. */
export interface LateOptions extends DeliveryFaultOptions {
  readonly by: Duration;
}

/** What an injected fault throws. Its message names the fault and the seed. */
export class InjectedFault extends Error {
  override readonly name = "InjectedFault";
}

/** @throws `OPTION_INVALID`. */
export function checkedFault<O extends { times?: number | undefined; chance?: number | undefined }>(
  verb: string,
  options: O,
): O {
  const { times = 1, chance = 1 } = options;
  if (!(times === Number.POSITIVE_INFINITY || (Number.isInteger(times) && times >= 1)))
    throw new OptionInvalidError(`${verb}.times`, "a whole number from 1, or Infinity", times);
  if (!(chance > 0 && chance <= 1))
    throw new OptionInvalidError(`${verb}.chance`, "a number above 0 and up to 1", chance);
  return options;
}
