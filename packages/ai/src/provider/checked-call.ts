import { type ModelCall, OptionInvalidError } from "@semel/core";

/** What a call was told, where whoever calls is not held to it by types. @throws `OPTION_INVALID` */
export function checkedCall(call: ModelCall): ModelCall {
  if (typeof call !== "object" || call === null)
    throw new OptionInvalidError("call", "an object like { signal, key }, or nothing", call);
  const { signal } = call;
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw new OptionInvalidError("call.signal", "an AbortSignal", signal);
  for (const name of ["onUsage", "onLimits"] as const) {
    const told: unknown = call[name];
    if (told !== undefined && typeof told !== "function")
      throw new OptionInvalidError(`call.${name}`, "a function", told);
  }
  return call;
}
