import type { Exchange } from "@semel/ai/provider";
import type { Clock } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { AnswerFaultName } from "./answer-faults.ts";
import { checkedFor, checkedStep, type Wanted } from "./check-step.ts";
import { latency, playFault } from "./played.ts";
import type { PlayedRequest, ScriptedRequest, ScriptedStep } from "./step.ts";

/** One request that is to be answered. */
export interface Playing {
  readonly step: ScriptedStep;
  /** What is wrong with the answer. */
  readonly fault: AnswerFaultName | undefined;
  /** It is on its way, whole. Tokens that are `undefined` the provider does not say. */
  answered(inputTokens: number | undefined, outputTokens: number | undefined): void;
}

type Asked = Pick<ScriptedRequest, "prompt" | "texts" | "messages">;

/** Steps that are to be played, and the requests they were played to. */
export class Script {
  readonly #steps: ScriptedStep[] = [];
  readonly #requests: PlayedRequest[] = [];
  readonly #decide: ((request: ScriptedRequest) => ScriptedStep | undefined) | undefined;
  readonly #latencyMs: number;
  readonly #clock: Clock;

  constructor(
    decide: ((request: ScriptedRequest) => ScriptedStep | undefined) | undefined,
    latencyMs: number,
    clock: Clock,
  ) {
    this.#decide = decide;
    this.#latencyMs = latencyMs;
    this.#clock = clock;
  }

  /** @throws `OPTION_INVALID`; then none of them is to be played. */
  next(steps: readonly ScriptedStep[]): void {
    this.#steps.push(...steps.map((step, at) => checkedStep(step, `scripted.next: step ${at + 1}`)));
  }

  get requests(): readonly PlayedRequest[] {
    return this.#requests;
  }

  get left(): number {
    return this.#steps.length;
  }

  /** Waits, and throws what the step says; or hands on what is to be answered. @throws `OPTION_INVALID` */
  async play(
    kind: ScriptedRequest["kind"],
    model: string,
    asked: Asked,
    { signal, key }: Exchange,
    wanted: Wanted = {},
  ): Promise<Playing> {
    const at = this.#requests.length;
    const request: ScriptedRequest = { number: at + 1, kind, model, ...asked, key, at: this.#clock.now() };
    const note = (played: Partial<PlayedRequest>): void => {
      this.#requests[at] = { ...blank, ...request, ...this.#requests[at], ...played };
    };
    note({});
    const step = this.#steps.shift() ?? this.#decided(request);
    note({ fault: step.fault });
    checkedFor(step, kind, wanted);
    const ms = step.latency === undefined ? this.#latencyMs : toMs(step.latency, "latency");
    await latency(this.#clock, ms, signal);
    const fault = await playFault(step, signal);
    return {
      step,
      fault,
      answered: (inputTokens, outputTokens) => {
        const isSaid = inputTokens !== undefined && outputTokens !== undefined;
        const usage = isSaid ? { inputTokens, outputTokens } : undefined;
        note({ isAnswered: fault === undefined, isCharged: true, usage });
      },
    };
  }

  #decided(request: ScriptedRequest): ScriptedStep {
    const step = this.#decide?.(request);
    return step === undefined ? {} : checkedStep(step, "what scripted.script answers");
  }
}

const blank = { fault: undefined, isAnswered: false, isCharged: false, usage: undefined };
