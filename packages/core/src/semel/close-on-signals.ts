import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Duration, toMs } from "../runtime/duration.ts";
import { type Closed, together } from "../worker/closed.ts";
import type { Semel } from "./semel.ts";

/** Past the deadline, how long jobs may be given back and connections closed before the process ends all the same. */
const overtimeMs = 4_500;
/** Once all is closed, a process that something else keeps alive ends after this long. */
const lingerMs = 500;

export interface CloseOnSignalsOptions {
  /** Default: `["SIGTERM", "SIGINT"]`. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** How long running jobs may go on. Default: `"25s"`, under the 30 s that Kubernetes waits. */
  readonly deadline?: Duration | undefined;
  /** Called when Semel has closed, and awaited: the place to close what else is open, and to say what became of the jobs. */
  readonly onClosed?: ((closed: Closed) => unknown) | undefined;
}

/**
 * Closes Semel when the process is told to end, and ends the process. Nothing of the kind is installed unless you call this.
 *
 * - The first signal stops fetching at once, and lets running jobs finish until the deadline. Then they are told to stop,
 *   and given back without burning an attempt. The process ends with code 0, at the latest 4.5 s after the deadline; with 1
 *   if it had to be made to.
 * - The second is for the impatient: running jobs are given back now, and the code is 1. The third ends the process.
 *
 * Call it once, with all you want closed. What it answers takes the listeners away again when it is disposed of.
 *
 * @example
 * const semel = createSemel(redis(process.env.REDIS_URL));
 * semel.worker({ processors });
 * closeOnSignals(semel, { deadline: "25s" });
 * @throws `OPTION_INVALID`.
 */
export function closeOnSignals(
  semel: Pick<Semel, "close"> | readonly Pick<Semel, "close">[],
  options: CloseOnSignalsOptions = {},
): Disposable {
  knownOnly(options, ["signals", "deadline", "onClosed"], "closeOnSignals");
  const all: readonly Pick<Semel, "close">[] = Array.isArray(semel) ? semel : [semel];
  if (all.length === 0 || all.some((one) => typeof one?.close !== "function"))
    throw new OptionInvalidError("closeOnSignals", "what createSemel answered, or several of them", semel);
  const { signals = ["SIGTERM", "SIGINT"], deadline = "25s", onClosed } = options;
  if (!Array.isArray(signals) || signals.length === 0)
    throw new OptionInvalidError("closeOnSignals.signals", "at least one name of a signal", signals);
  const leaving = new Leaving(all, deadline, toMs(deadline, "closeOnSignals.deadline"), onClosed);
  const listen = (signal: NodeJS.Signals): void => leaving.hear(signal);
  for (const signal of signals) process.on(signal, listen);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, listen);
    },
  };
}

/** The end of a process, from the first signal on. */
class Leaving {
  readonly #all: readonly Pick<Semel, "close">[];
  readonly #deadline: Duration;
  readonly #deadlineMs: number;
  readonly #onClosed: CloseOnSignalsOptions["onClosed"];
  #heard = 0;
  #code = 0;

  constructor(
    all: readonly Pick<Semel, "close">[],
    deadline: Duration,
    deadlineMs: number,
    onClosed: CloseOnSignalsOptions["onClosed"],
  ) {
    this.#all = all;
    this.#deadline = deadline;
    this.#deadlineMs = deadlineMs;
    this.#onClosed = onClosed;
  }

  hear(signal: NodeJS.Signals): void {
    this.#heard++;
    if (this.#heard === 1) {
      this.#limit(this.#deadlineMs + overtimeMs, signal);
      void this.#leave();
    } else if (this.#heard === 2) {
      this.#code = 1;
      this.#limit(overtimeMs, signal);
      // Closing again is one close, but a shorter deadline counts.
      for (const semel of this.#all) semel.close({ deadline: "0s" }).catch(() => {});
    } else process.exit(1);
  }

  async #leave(): Promise<void> {
    try {
      const told: Closed[] = [];
      const deadline = this.#deadline;
      await Promise.all(this.#all.map((semel) => semel.close({ deadline, onClosed: (closed) => told.push(closed) })));
      await this.#onClosed?.(together(told));
    } catch (error) {
      this.#code = 1;
      say(`closing failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    process.exitCode = this.#code;
    // A process that nothing keeps ends by itself, with everything it still has to write.
    systemClock.timer(lingerMs, () => process.exit(this.#code), "background");
  }

  #limit(ms: number, signal: NodeJS.Signals): void {
    systemClock.timer(
      ms,
      () => {
        say(`not closed ${ms} ms after ${signal}; the process ends all the same`);
        process.exit(1);
      },
      "background",
    );
  }
}

/** The application's logger may be closed by now, and waits for nothing. */
const say = (text: string): void => void process.stderr.write(`semel: ${text}\n`);
