import { OptionInvalidError } from "@semel/core";
import { knownOnly, toMs } from "@semel/core/adapter";
import { type ModelFault, type ModelFaultName, modelFaults } from "../models/model-faults.ts";
import { type AnswerFaultName, answerFaults } from "./answer-faults.ts";
import type { ScriptedFault, ScriptedRequest, ScriptedStep } from "./step.ts";

const answers = ["text", "data", "vectors", "images"] as const;
const known: readonly (keyof ScriptedStep)[] = ["fault", "retryAfter", "latency", ...answers, "usage"];

/**
 * A step as it was written, or answered by a script. A mistake of a test must not pass for an answer, nor for a failure of the provider:
 * what an answer is refused for is a fault by its name, or is meant otherwise.
 * @throws `OPTION_INVALID`
 */
export function checkedStep(step: ScriptedStep, at: string): ScriptedStep {
  if (typeof (step as { readonly then?: unknown } | null)?.then === "function") {
    // Nobody else would hear of it where it is one that rejects.
    void Promise.resolve(step).catch(() => {});
    throw new OptionInvalidError(at, "a step, not a promise of one", step);
  }
  if (!isPlain(step)) throw new OptionInvalidError(at, `a plain object with ${known.join(", ")}`, step);
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
  expect(text !== "", "text", `a text that is not empty; ${onPurpose("empty-answer")}`, text);
  expect(text === undefined || data === undefined, "text", "no data beside it, the answer is one of them", text);
  expect(data === undefined || isJson(data), "data", "what JSON can say", data);
  expect(vectors === undefined || isVectors(vectors), "vectors", "a list of lists of numbers", vectors);
  for (const vector of vectors ?? []) {
    expect(vector.every(Number.isFinite), "vectors", `finite numbers; ${onPurpose("not-a-number")}`, vector);
    const isZeros = vector.every((value) => value === 0);
    expect(!isZeros, "vectors", `vectors that are not all zeros; ${onPurpose("all-zeros")}`, vector);
  }
  const isBytes = (one: unknown): boolean => one instanceof Uint8Array;
  expect(images === undefined || (Array.isArray(images) && images.every(isBytes)), "images", "a list of bytes", images);
  expect(images?.every(isPicture) ?? true, "images", `PNG, JPEG or WebP; ${onPurpose("not-a-picture")}`, images);
  expect(isUsage(usage), "usage", '"unsaid", or whole numbers of inputTokens and outputTokens', usage);
  // Copied: what becomes of the test's object later changes nothing.
  return { ...step };
}

const ofKind: Readonly<Record<ScriptedRequest["kind"], readonly (keyof ScriptedStep)[]>> = {
  embedding: ["vectors"],
  text: ["text", "data"],
  stream: ["text", "data"],
  image: ["images"],
};
/** What the request asks for, beside its kind. */
export interface Wanted {
  /** Vectors, or pictures. */
  readonly count?: number | undefined;
  readonly dimensions?: number | undefined;
}

/** What can only be seen when it is played. @throws `OPTION_INVALID` */
export function checkedFor(step: ScriptedStep, kind: ScriptedRequest["kind"], { count, dimensions }: Wanted): void {
  for (const name of answers)
    if (step[name] !== undefined && !ofKind[kind].includes(name))
      throw new OptionInvalidError(`the script's ${name}`, `a step for a request of the kind ${kind}`, name);
  const { fault, vectors, images } = step;
  if (fault !== undefined && Object.hasOwn(answerFaults, fault)) {
    const { of } = answerFaults[fault as AnswerFaultName];
    if (of !== kind && !(of === "text" && kind === "stream"))
      throw new OptionInvalidError(
        "the script's fault",
        `one for a request of the kind ${kind}; "${fault}" is of ${of}`,
        fault,
      );
  }
  const wrong = (name: "vectors" | "images", expected: string, got: number): never => {
    throw new OptionInvalidError(`the script's ${name}`, expected, got);
  };
  if (vectors && vectors.length !== count)
    wrong("vectors", `${count} of them, one for each text; ${onPurpose("too-few-vectors")}`, vectors.length);
  const odd = vectors?.find(({ length }) => length !== dimensions)?.length;
  if (odd !== undefined)
    wrong(
      "vectors",
      `${dimensions} numbers each, as the model has; embedding(name, { dimensions: ${odd} }) has as many as these, and ${onPurpose("wrong-dimensions")}`,
      odd,
    );
  if (images && images.length !== count)
    wrong("images", `${count} of them, as many as were asked for; ${onPurpose("no-picture")}`, images.length);
}

const onPurpose = (fault: AnswerFaultName): string => `on purpose it is the fault "${fault}"`;

const names: readonly string[] = [...Object.keys(modelFaults), ...Object.keys(answerFaults)];
const isFault = (fault: unknown): boolean => typeof fault === "string" && names.includes(fault);

function isStatus(fault: ScriptedFault | undefined): boolean {
  if (fault === undefined || !Object.hasOwn(modelFaults, fault)) return false;
  const { way }: ModelFault = modelFaults[fault as ModelFaultName];
  return way.is === "status";
}

/** Of `{}` or of no class, of whichever realm: a Date or a Map has no members, and would be a step that says nothing. */
function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const parent = Object.getPrototypeOf(value);
  return parent === null || Object.getPrototypeOf(parent) === null;
}

/** `JSON.stringify` leaves out what it cannot say, or makes null or nothing of it; a date it can say. */
function isJson(data: unknown): boolean {
  try {
    const text = JSON.stringify(data, (_, value) => {
      const isSaid = ["string", "boolean", "undefined"].includes(typeof value) || Number.isFinite(value);
      if (isSaid || value === null || Array.isArray(value) || isPlain(value)) return value;
      throw new TypeError("no JSON");
    });
    return text !== undefined;
  } catch {
    return false;
  }
}

const signatures: readonly (readonly [at: number, text: string])[] = [
  [1, "PNG"],
  [0, "\xff\xd8\xff"],
  [8, "WEBP"],
];
/** As far as the kit looks. */
const isPicture = (bytes: Uint8Array): boolean =>
  signatures.some(([at, text]) => String.fromCharCode(...bytes.subarray(at, at + text.length)) === text);

const isVectors = (vectors: unknown): boolean =>
  Array.isArray(vectors) &&
  vectors.every((one) => Array.isArray(one) && one.every((value) => typeof value === "number"));

function isUsage(usage: ScriptedStep["usage"]): boolean {
  if (usage === undefined || usage === "unsaid") return true;
  const isCount = (count: unknown): boolean => Number.isInteger(count) && (count as number) >= 0;
  if (!isPlain(usage) || Object.keys(usage).some((name) => !["inputTokens", "outputTokens"].includes(name)))
    return false;
  const { inputTokens, outputTokens } = usage as Exclude<typeof usage, string>;
  return isCount(inputTokens) && (outputTokens === undefined || isCount(outputTokens));
}
