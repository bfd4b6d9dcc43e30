import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { consoleLogger } from "../instrumentation/console-logger.ts";
import type { Hook } from "../instrumentation/hooks.ts";
import { type Logger, silentLogger } from "../instrumentation/logger.ts";
import type { Envelope } from "../job/envelope.ts";
import { defaultPayloadLimits, type PayloadLimits } from "../job/limits.ts";
import type { Around } from "../processor/around.ts";
import { type Duration, toMs } from "../runtime/duration.ts";
import { type Runtime, systemRuntime } from "../runtime/runtime.ts";
import type { Backend } from "./backend.ts";
import { checkPorts } from "./ports-version.ts";

export interface SemelOptions extends Backend {
  /** Separates environments that share a broker or a database: 1–64 characters of `A–Z a–z 0–9 . _ -`. Default: `"default"`. */
  readonly namespace?: string | undefined;
  /** Default: one readable line an event on standard error. `false`: none. */
  readonly logger?: Logger | false | undefined;
  readonly hooks?: readonly Hook[] | undefined;
  /** Wraps every attempt's `process`. */
  readonly around?: Around | undefined;
  /** The W3C trace context to send along with a job; asked at each enqueue. */
  readonly trace?: (() => Envelope["trace"]) | undefined;
  /** How long an enqueue, or a question, may take. Default: `"5s"`. */
  readonly deadline?: Duration | undefined;
  /** How large a payload may be. Default: 1 MiB, 64 levels, 100,000 values, 1,000 fields an object. */
  readonly limits?: Partial<PayloadLimits> | undefined;
  /** Clock, chance and ids from elsewhere: for tests. */
  readonly runtime?: Partial<Runtime> | undefined;
}

const knownOptions: readonly (keyof SemelOptions)[] = [
  "queue",
  "store",
  "deadLetters",
  "signals",
  "startDeadlineMs",
  "namespace",
  "logger",
  "hooks",
  "around",
  "trace",
  "deadline",
  "limits",
  "runtime",
];

/** {@link SemelOptions} with the defaults filled in. */
export interface Settings {
  readonly backend: Backend;
  readonly namespace: string;
  readonly logger: Logger;
  readonly hooks: readonly Hook[];
  readonly around: Around | undefined;
  readonly trace: () => Envelope["trace"];
  readonly deadlineMs: number;
  readonly startDeadlineMs: number;
  readonly limits: PayloadLimits;
  readonly runtime: Runtime;
}

/** @throws `OPTION_INVALID`; `CORE_INCOMPATIBLE`. */
export function settingsOf(options: SemelOptions): Settings {
  knownOnly(options ?? {}, knownOptions, "createSemel");
  const { queue, store, deadLetters, namespace = "default" } = options ?? {};
  if (
    typeof queue?.add !== "function" ||
    typeof store?.apply !== "function" ||
    typeof deadLetters?.list !== "function"
  ) {
    throw new OptionInvalidError(
      "createSemel",
      "a backend such as embedded(directory), or { queue, store, deadLetters }",
      options,
    );
  }
  checkPorts("queue", queue);
  checkPorts("store", store);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(namespace))
    throw new OptionInvalidError("createSemel.namespace", "1 to 64 characters of A–Z a–z 0–9 . _ -", namespace);
  const limits = { ...defaultPayloadLimits, ...options.limits };
  for (const [name, limit] of Object.entries(limits)) {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new OptionInvalidError(`createSemel.limits.${name}`, "a whole number from 1", limit);
  }
  const deadlineMs = toMs(options.deadline ?? "5s", "createSemel.deadline");
  return {
    backend: options,
    namespace,
    logger: options.logger === false ? silentLogger : (options.logger ?? consoleLogger()),
    hooks: options.hooks ?? [],
    around: options.around,
    trace: options.trace ?? (() => undefined),
    deadlineMs,
    startDeadlineMs: Math.max(deadlineMs, options.startDeadlineMs ?? 0),
    limits,
    runtime: { ...systemRuntime, ...options.runtime },
  };
}
