import type { ModelError } from "@semel/core";
import type { Asker } from "./asker.ts";
import { Pull } from "./pull.ts";
import { missing, noPull, preparing, sizeOf } from "./pull-errors.ts";

const second = 1_000;
const minute = 60 * second;
/** While nothing is known of the speed. */
const unknownMs = 5 * second;
const [shortestMs, longestMs] = [2 * second, minute];
/** The first rest after a pull that failed by chance; each one more doubles it. */
const restMs = 5 * second;
const longestRestMs = 10 * minute;
/** That a registry has no such model, or that it is too large: it is asked again, for either may have been mended. */
const finalMs = 10 * minute;
/** So many pulls in a row without an answer that is one are no accident: jobs that wait burn attempts from then on, and end. */
const mostBrokenPulls = 3;
/** So long after its rest a failure is forgotten, and the next one is a first one. */
const forgottenMs = 30 * minute;

interface Ended {
  readonly error: ModelError | undefined;
  /** On the clock of whoever had started it. */
  readonly until: number;
  readonly asker: Asker;
  readonly times: number;
}

/** One model at one host, for the whole process: it is pulled by one pull at a time, and never twice in a row without a rest. */
export class HostedModel {
  #pull: Pull | undefined;
  #ended: Ended | undefined;

  /** What a call is to be told that was answered with "no such model". Starts a pull where none is under way. */
  missing(asker: Asker): ModelError {
    if (!this.#pull) {
      const told = this.#resting(asker);
      if (told) return told;
    }
    const { layers } = this.pull(asker);
    const left = layers.leftMs(asker.clock.monotonic()) ?? unknownMs;
    const { completedBytes, totalBytes } = layers;
    const far = totalBytes > 0 ? `, ${sizeOf(completedBytes)} of ${sizeOf(totalBytes)}` : "";
    return preparing(asker, `${asker.host} pulls it${far}`, Math.ceil(Math.min(longestMs, Math.max(shortestMs, left))));
  }

  /** The pull that is under way, or else a new one. */
  pull(asker: Asker): Pull {
    if (this.#pull) {
      this.#pull.join(asker);
      return this.#pull;
    }
    const pull = new Pull(asker);
    this.#pull = pull;
    void pull.end.then((error) => this.#rest(asker, error));
    return pull;
  }

  leave(owner: object): void {
    this.#pull?.leave(owner);
  }

  #rest(asker: Asker, error: ModelError | undefined): void {
    this.#pull = undefined;
    const now = asker.clock.monotonic();
    const before = this.#ended;
    const isFirst = !before || before.asker.clock.monotonic() > before.until + forgottenMs;
    const times = isFirst ? 0 : before.times + 1;
    // A pull that has worked rests as well: a host that has the model and says that it has not would be asked for ever.
    const ms = error?.failureClass === "fail" ? finalMs : Math.min(longestRestMs, restMs * 2 ** times);
    this.#ended = { error, until: now + ms, asker, times };
  }

  /** `undefined`: the rest is over. */
  #resting(asker: Asker): ModelError | undefined {
    if (!this.#ended) return undefined;
    const {
      error,
      until,
      times,
      asker: { clock },
    } = this.#ended;
    const leftMs = until - clock.monotonic();
    if (leftMs <= 0 || fits(error, asker)) return undefined;
    if (error?.failureClass === "fail")
      return missing(asker, `it cannot be pulled: ${reasonOf(error)}`, { cause: error });
    const what = error ? `the last pull failed, and the next one waits: ${reasonOf(error)}` : "it was pulled just now";
    const restsMs = Math.max(shortestMs, Math.ceil(leftMs));
    if (error?.code === "MODEL_ANSWER_INVALID" && times >= mostBrokenPulls) return noPull(asker, what, restsMs, error);
    return preparing(asker, what, restsMs, error);
  }
}

/** It was too large for somebody else. */
function fits(error: ModelError | undefined, { settings }: Asker): boolean {
  const size = error?.details.totalBytes;
  return typeof size === "number" && size <= settings.maxBytes;
}

/** Without the name of the provider and the model, which the message begins with already. */
export const reasonOf = ({ message, model }: ModelError): string => message.replace(`ollama ${model}: `, "");
