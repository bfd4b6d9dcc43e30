import { type Clock, type Duration, type Model, OptionInvalidError, systemClock } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { FailureFacts } from "./failure-facts.ts";

/** What the kit needs of every model, beside how to talk to it. */
export interface ModelOptions extends Model {
  /** How long an exchange may take where the call does not say. Default: `"60s"`. */
  readonly timeout?: Duration | undefined;
  /** How long a stream may be silent. Default: `"30s"`. */
  readonly idleTimeout?: Duration | undefined;
  /** Keys, passwords: taken out of everything that is said. */
  readonly secrets?: readonly string[] | undefined;
  readonly clock?: Clock | undefined;
  /** Reads the facts off what the client threw. */
  readonly failure: (thrown: unknown) => FailureFacts;
}

/** With the defaults filled in. */
export interface Settings extends ModelOptions {
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly secrets: readonly string[];
  readonly clock: Clock;
}

/** @throws `OPTION_INVALID`, in the name of the provider. */
export function settingsOf(options: ModelOptions): Settings {
  const { provider, clock = systemClock, secrets = [] } = options;
  const verbs: readonly (keyof Clock)[] = ["now", "monotonic", "timer"];
  if (verbs.some((verb) => typeof clock?.[verb] !== "function"))
    throw new OptionInvalidError(`${provider}.clock`, `a clock with ${verbs.join(", ")}`, clock);
  return {
    ...options,
    timeoutMs: toMs(options.timeout ?? "60s", `${provider}.timeout`),
    idleMs: toMs(options.idleTimeout ?? "30s", `${provider}.idleTimeout`),
    secrets: secrets.filter((secret) => typeof secret === "string"),
    clock,
  };
}

export const modelOf = ({ provider, model, host, isMock, credential }: Model): Model => ({
  ...{ provider, model, host, isMock, credential },
});
