import { OptionInvalidError } from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import { type ModelFault, type ModelFaultName, modelFaults } from "../models/model-faults.ts";
import { type AnswerFaultName, answerFaults } from "./answer-faults.ts";
import type { ScriptedFault, ScriptedRequest, ScriptedStep } from "./step.ts";

const known: readonly (keyof ScriptedStep)[] = [
  ...(["fault", "retryAfter", "latency", "text", "data", "vectors", "images", "usage"] as const),
];

/**
 * A step as it was written, or answered by a script. A mistake of a test must not pass for an answer, nor for a failure of the provider.
 * @throws `OPTION_INVALID`
 */
export function checkedStep(step: ScriptedStep, at: string): ScriptedStep {
  if (typeof (step as { readonly then?: unknown } | null)?.then === "function") {
    // Nobody else would hear of it where it is one that rejects.
    void Promise.resolve(step).catch(() => {});
    throw new OptionInvalidError(at, "a step, not a promise of one", step);
  }
  knownOnly(step, known, at);
  const { fault, retryAfter, latency, text, data, vectors, images, usage } = step;
  const expect = (holds: boolean, name: keyof ScriptedStep, expected: string, got: unknown): void => {
    if (!holds) throw new OptionInvalidError(`${at}.${name}`, expected, got);
  };
  if (fault !== undefined) expect(isFault(fault), "fault", `one of ${names.join(", ")}`, fault);
  if (latency !== undefined) toMs(latency, `${at}.latency`);
  if (retryAfter !== undefined) {
    toMs(retryAfter, `${at}.retryAfter`);
    expect(isStatus(fault), "retryAfter", 'a fault beside it that is a status, like "429"', retryAfter);
  }
  expect(text === undefined || typeof text === "string", "text", "a text", text);
  expect(data === undefined || isJson(data), "data", "what JSON can say", data);
  expect(vectors === undefined || isVectors(vectors), "vectors", "a list of lists of numbers", vectors);
  const isBytes = (one: unknown): boolean => one instanceof Uint8Array;
  expect(images === undefined || (Array.isArray(images) && images.every(isBytes)), "images", "a list of bytes", images);
  expect(isUsage(usage), "usage", '"unsaid", or whole numbers of inputTokens and outputTokens', usage);
  return step;
}

const ofKind: Readonly<Record<ScriptedRequest["kind"], readonly (keyof ScriptedStep)[]>> = {
  embedding: ["vectors"],
  text: ["text", "data"],
  stream: ["text", "data"],
  image: ["images"],
};
const answers = ["text", "data", "vectors", "images"] as const;

/** What can only be seen when it is played. @throws `OPTION_INVALID` */
export function checkedFor(step: ScriptedStep, { kind, texts }: ScriptedRequest, dimensions: number | undefined): void {
  for (const name of answers)
    if (step[name] !== undefined && !ofKind[kind].includes(name))
      throw new OptionInvalidError(`the script's ${name}`, `a step for a request of the kind ${kind}`, name);
  const { fault, vectors } = step;
  if (fault !== undefined && Object.hasOwn(answerFaults, fault)) {
    const { of } = answerFaults[fault as AnswerFaultName];
    if (of !== kind && !(of === "text" && kind === "stream"))
      throw new OptionInvalidError(
        "the script's fault",
        `one for a request of the kind ${kind}; "${fault}" is of ${of}`,
        fault,
      );
  }
  if (!vectors) return;
  if (vectors.length !== texts?.length)
    throw new OptionInvalidError("the script's vectors", `${texts?.length} of them, one for each text`, vectors.length);
  const wrong = vectors.find(({ length }) => length !== dimensions);
  if (wrong)
    throw new OptionInvalidError(
      "the script's vectors",
      `${dimensions} numbers each, as the model has; embedding(name, { dimensions: ${wrong.length} }) has as many as these`,
      wrong.length,
    );
}

const names: readonly string[] = [...Object.keys(modelFaults), ...Object.keys(answerFaults)];
const isFault = (fault: unknown): boolean => typeof fault === "string" && names.includes(fault);

function isStatus(fault: ScriptedFault | undefined): boolean {
  if (fault === undefined || !Object.hasOwn(modelFaults, fault)) return false;
  const { way }: ModelFault = modelFaults[fault as ModelFaultName];
  return way.is === "status";
}

function isJson(data: unknown): boolean {
  try {
    return JSON.stringify(data) !== undefined;
  } catch {
    return false;
  }
}

const isVectors = (vectors: unknown): boolean =>
  Array.isArray(vectors) &&
  vectors.every((one) => Array.isArray(one) && one.every((value) => typeof value === "number"));

function isUsage(usage: ScriptedStep["usage"]): boolean {
  if (usage === undefined || usage === "unsaid") return true;
  const isCount = (count: unknown): boolean => Number.isInteger(count) && (count as number) >= 0;
  const { inputTokens, outputTokens } = (usage ?? {}) as Exclude<typeof usage, string>;
  return isCount(inputTokens) && (outputTokens === undefined || isCount(outputTokens));
}
