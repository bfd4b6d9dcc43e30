import type { Exchange } from "@semel/ai/provider";
import type { Clock } from "@semel/core";
import { toMs } from "@semel/core/adapter";
import type { AnswerFaultName } from "./answer-faults.ts";
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

  next(steps: readonly ScriptedStep[]): void {
    this.#steps.push(...steps);
  }

  get requests(): readonly PlayedRequest[] {
    return this.#requests;
  }

  get left(): number {
    return this.#steps.length;
  }

  /** Waits, and throws what the step says; or hands on what is to be answered. */
  async play(kind: ScriptedRequest["kind"], model: string, asked: Asked, { signal, key }: Exchange): Promise<Playing> {
    const number = this.#requests.length + 1;
    const request: ScriptedRequest = { number, kind, model, ...asked, key, at: this.#clock.now() };
    const step = this.#steps.shift() ?? this.#decide?.(request) ?? {};
    const entry = { ...request, fault: step.fault, isAnswered: false, usage: undefined };
    this.#requests.push(entry);
    const ms = step.latency === undefined ? this.#latencyMs : toMs(step.latency, "latency");
    await latency(this.#clock, ms, signal);
    const fault = await playFault(step, request, signal);
    return {
      step,
      fault,
      answered: (inputTokens, outputTokens) => {
        const usage =
          inputTokens === undefined || outputTokens === undefined ? undefined : { inputTokens, outputTokens };
        this.#requests[number - 1] = { ...entry, isAnswered: fault === undefined, usage };
      },
    };
  }
}
