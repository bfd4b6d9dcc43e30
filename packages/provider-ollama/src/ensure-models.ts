import { exchanged, type ModelOptions } from "@semel/ai/provider";
import { type Duration, ModelError } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { Connection } from "./client.ts";
import { shortName } from "./model-name.ts";
import { listOfModels, modelsThere } from "./models-there.ts";
import { reasonOf } from "./pull/hosted-model.ts";
import { missing } from "./pull/pull-errors.ts";

/** How long models are waited for. */
export interface EnsureModelsOptions {
  /** Ends the waiting, with its reason. Pulls that are under way go on: jobs may be waiting for them. */
  readonly signal?: AbortSignal | undefined;
  /** Of the waiting, all in all; pulls go on here, too. Default: as long as the pulls may take. */
  readonly timeout?: Duration | undefined;
}

/** What the models of one provider are made sure of with. */
export interface Wanted {
  readonly models: readonly string[];
  readonly connection: Connection;
  readonly host: string;
  /** Of an exchange about a model, or about {@link listOfModels}. */
  readonly options: (model: string) => ModelOptions;
  /** Why the model could not be had; `undefined` once it is there. Absent where nothing is pulled. */
  readonly pull: ((model: string) => Promise<ModelError | undefined>) | undefined;
}

/** Asks which models there are, and pulls the others, one after the other: a second download at a time would only slow the first. */
export async function ensureModels(wanted: Wanted, { signal, timeout }: EnsureModelsOptions): Promise<void> {
  const all = wanted.options(listOfModels);
  const over = new AbortController();
  const late = (): ModelError =>
    new ModelError("MODEL_TIMEOUT", `ollama: the models are not all there after ${timeout}; pulls go on`, {
      ...{ provider: "ollama", model: wanted.models.join(", "), isRetryable: true },
    });
  const timer =
    timeout === undefined
      ? undefined
      : all.clock?.timer(toMs(timeout, "ensureModels.timeout"), () => over.abort(late()));
  const end = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    const there = await exchanged(all, { signal: end }, (exchange) => modelsThere(wanted.connection, exchange));
    const failed: ModelError[] = [];
    for (const model of wanted.models.filter((name) => !there.has(shortName(name)))) {
      const error = wanted.pull
        ? await unlessOver(end, wanted.pull(model))
        : missing({ model, host: wanted.host }, "the host does not have it, and nothing is pulled");
      if (error) failed.push(error);
    }
    if (failed.length > 0) throw allOf(failed);
  } finally {
    timer?.cancel();
  }
}

function unlessOver<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** One error for all that could not be had. It is final where one of them is, and no promise where an answer was none. */
function allOf(errors: readonly ModelError[]): ModelError {
  const [code, failureClass] = errors.some((error) => error.failureClass === "fail")
    ? (["MODEL_UNKNOWN", "fail"] as const)
    : errors.some((error) => error.code === "MODEL_ANSWER_INVALID")
      ? (["MODEL_ANSWER_INVALID", "retry"] as const)
      : (["MODEL_PREPARING", "defer"] as const);
  const models = errors.map((error) => ({ model: error.model, code: error.code, reason: reasonOf(error) }));
  const message = models.map(({ model, reason }) => `${model}: ${reason}`).join("; ");
  return new ModelError(code, `ollama has not all models: ${message}`, {
    ...{ provider: "ollama", model: models.map(({ model }) => model).join(", ") },
    ...{ failureClass, isRetryable: failureClass !== "fail" },
    details: { models },
    cause: errors[0],
  });
}
