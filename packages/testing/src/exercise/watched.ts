import { AsyncLocalStorage } from "node:async_hooks";
import type { AnyJob, AnyProcessor, JobContext, OnceOptions, SemelEvent, Effect as StepEffect } from "@semel/core";
import type { Effect } from "./effect-ledger.ts";

/** One run of the function of a step. */
export interface Execution {
  /** What the step hands to an outside service; by it the runs of one step are known. */
  readonly key: string;
  readonly step: string;
  readonly fence: number;
  /** `cut`: its worker died, or lost touch with the store, before the value was on record. */
  end: "recorded" | "threw" | "cut";
  /** Whether its function came to its end: from then on the effect has happened. */
  isDone: boolean;
}

/** An effect, and in which run of which step it was asked for. */
export interface SeenEffect extends Effect {
  readonly execution: Execution | undefined;
}

/** Watches a processor from outside: which steps it runs, and which effects happen in them. */
export class Watch {
  readonly executions: Execution[] = [];
  readonly effects: SeenEffect[] = [];
  readonly #within = new AsyncLocalStorage<Execution>();

  see(effect: Effect): void {
    this.effects.push({ ...effect, execution: this.#within.getStore() });
  }

  hear(event: SemelEvent): void {
    if (event.name !== "step.completed") return;
    const at = this.executions.findIndex(({ fence, step }) => fence === event.fence && step === event.step);
    const execution = this.executions[at];
    // A record that comes when the step runs again already is as good as none.
    const isLate = this.executions.some(({ key }, index) => index > at && key === execution?.key);
    if (execution && !isLate) execution.end = "recorded";
  }

  over(processor: AnyProcessor): AnyProcessor {
    const watched = Object.create(processor, {
      process: { value: (context: JobContext<AnyJob>) => processor.process(this.#context(context)) },
      backoff: { value: processor.backoff?.bind(processor) },
      classifyFailure: { value: processor.classifyFailure?.bind(processor) },
    }) as AnyProcessor;
    return watched;
  }

  /** Every member works destructured, as in the original. */
  #context(context: JobContext<AnyJob>): JobContext<AnyJob> {
    const once = (name: string, run: (effect: StepEffect) => unknown, options?: OnceOptions): Promise<unknown> =>
      context.once(name, (effect) => this.#run(context, stepName(name, options), effect, run), options);
    return Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(context), once: { value: once } },
    ) as never;
  }

  async #run(
    context: JobContext<AnyJob>,
    step: string,
    effect: StepEffect,
    run: (effect: StepEffect) => unknown,
  ): Promise<unknown> {
    const { fence } = context;
    const execution: Execution = { key: effect.key, step, fence, end: "cut", isDone: false };
    this.executions.push(execution);
    try {
      return await this.#within.run(execution, async () => run(effect));
    } catch (error) {
      // One that was told to stop, because it is in other hands, has not failed by itself.
      if (!effect.signal.aborted) execution.end = "threw";
      throw error;
    } finally {
      execution.isDone = true;
    }
  }
}

/** As events name it. */
const stepName = (name: string, options: OnceOptions | undefined): string =>
  options?.key === undefined ? name : JSON.stringify([name, options.key]);
