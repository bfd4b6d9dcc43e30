import {
  type Clock,
  type GeneratedObject,
  type Message,
  type ModelCall,
  type ObjectRequest,
  SemelError,
  systemClock,
  type TextModel,
  type TextPart,
  type TextRequest,
} from "@semel/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { tellUsage } from "../listeners.ts";
import { checkedCall } from "../provider/checked-call.ts";
import { nothingSpent } from "../usage-sum.ts";
import type { Check, Finding } from "./check.ts";
import { type Checked, type Round, runChecks } from "./run-checks.ts";

export interface GuardedOptions {
  /** Look at every message on its way in, in this order. `transform` changes what is sent. */
  readonly input?: readonly Check[] | undefined;
  /** Look at the answer, in this order. `transform` changes what is handed on. */
  readonly output?: readonly Check[] | undefined;
  /** Told of everything that was not plainly allowed. It must not throw. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A text model with checks before and behind it. With output checks a stream is held back until it is whole: a check cannot
 * judge the half of an answer, and what has been shown cannot be taken back. Data is looked at as its JSON.
 *
 * @throws `PROMPT_BLOCKED`, `OUTPUT_BLOCKED`, `CANARY_LEAKED`, beside what the model throws.
 */
export function guarded(model: TextModel, options: GuardedOptions): TextModel {
  return new GuardedModel(model, options);
}

class GuardedModel implements TextModel {
  readonly "~semel" = "text-model/1" as const;
  readonly provider: string;
  readonly model: string;
  readonly host: string;
  readonly isMock: boolean;
  readonly credential: string | undefined;
  readonly features: TextModel["features"];
  readonly #model: TextModel;
  readonly #options: GuardedOptions;

  constructor(model: TextModel, options: GuardedOptions) {
    this.provider = model.provider;
    this.model = model.model;
    this.host = model.host;
    this.isMock = model.isMock;
    this.credential = model.credential;
    this.features = model.features;
    this.#model = model;
    this.#options = options;
  }

  async generate(request: TextRequest, call: ModelCall = {}): ReturnType<TextModel["generate"]> {
    const answer = await this.#model.generate(await this.#in(request, call), call);
    return { ...answer, text: await this.#out(answer.text, call) };
  }

  async *stream(request: TextRequest, call: ModelCall = {}): AsyncGenerator<TextPart> {
    const parts = this.#model.stream(await this.#in(request, call), call);
    if ((this.#options.output ?? []).length === 0) return yield* parts;
    for await (const part of parts) {
      if (part.is !== "end") continue;
      const text = await this.#out(part.text, call);
      yield { is: "text", text };
      yield { ...part, text };
    }
  }

  async object<S extends StandardSchemaV1>(
    request: ObjectRequest<S>,
    call: ModelCall = {},
  ): Promise<GeneratedObject<StandardSchemaV1.InferOutput<S>>> {
    const answer = await this.#model.object(await this.#in(request, call), call);
    const json = JSON.stringify(answer.object);
    const text = await this.#out(json, call);
    return text === json ? answer : { ...answer, object: await reread(request.schema, text) };
  }

  async #in<R extends { readonly messages: readonly Message[] }>(request: R, call: ModelCall): Promise<R> {
    checkedCall(call);
    const { input = [] } = this.#options;
    if (input.length === 0) return request;
    // What is no message, the model refuses in words of its own.
    if (!Array.isArray(request?.messages) || request.messages.some((one) => typeof one?.text !== "string"))
      return request;
    try {
      const messages: Message[] = [];
      for (const { role, text } of request.messages)
        messages.push({ role, text: await this.#checked(input, text, { on: "input", role }, call) });
      return { ...request, messages };
    } catch (error) {
      tellUsage(call, nothingSpent);
      throw error;
    }
  }

  #out(text: string, call: ModelCall): Promise<string> {
    return this.#checked(this.#options.output ?? [], text, { on: "output", role: "answer" }, call);
  }

  async #checked(
    checks: readonly Check[],
    text: string,
    where: Pick<Round, "on" | "role">,
    { tenant, signal }: ModelCall,
  ): Promise<string> {
    const { clock = systemClock, onFinding } = this.#options;
    const checked = await runChecks(checks, text, { clock, ...where, tenant, signal });
    for (const finding of checked.findings) onFinding?.(finding);
    if (checked.blocked) throw blocked(checked.blocked);
    return checked.text;
  }
}

/** Data that a check has changed has to fit still. */
async function reread<S extends StandardSchemaV1>(schema: S, text: string): Promise<StandardSchemaV1.InferOutput<S>> {
  const unfit = new SemelError(
    "OUTPUT_BLOCKED",
    "an output check changed the data so that it no longer fits its schema",
  );
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw unfit;
  }
  const result = await schema["~standard"].validate(data);
  if (result.issues) throw unfit;
  return result.value as StandardSchemaV1.InferOutput<S>;
}

/** The rule by which `canaryCheck` says that the token came back. */
export const canaryRule = "canary";

function blocked({ check, on, rules }: Checked["findings"][number]): SemelError {
  const code = on === "input" ? "PROMPT_BLOCKED" : rules.includes(canaryRule) ? "CANARY_LEAKED" : "OUTPUT_BLOCKED";
  const what = on === "input" ? "the input was not sent" : "the answer is not handed on";
  return new SemelError(code, `${what}: blocked by "${check}" (${rules.join(", ")})`, { details: { check, rules } });
}
