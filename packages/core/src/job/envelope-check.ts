import { priorities } from "./priority.ts";

/** The version of the envelope's own shape. A worker holds envelopes of a newer one until a newer worker comes. */
export const envelopeFormat = 1;

/**
 * Says what is wrong with a value, behind its path; `undefined` if nothing is. By hand rather than by a schema library:
 * every envelope is checked on its way out and on its way in, and whoever imports Semel loads this.
 */
type Rule = (value: unknown) => string | undefined;

const must =
  (expected: string, holds: (value: unknown) => boolean): Rule =>
  (value) =>
    holds(value) ? undefined : `: expected ${expected}, got ${kindOf(value)}`;

/** What came, without telling what it holds. */
function kindOf(value: unknown): string {
  if (typeof value === "string") return `a text of ${value.length}`;
  if (typeof value === "number") return String(value);
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}

const text = (most: number, least = 0): Rule =>
  must(
    `a text of ${least} to ${most} characters`,
    (value) => typeof value === "string" && value.length <= most && value.length >= least,
  );
const anyText: Rule = must("a text", (value) => typeof value === "string");
const whole: Rule = must("a whole number from 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const maybe =
  (rule: Rule): Rule =>
  (value) =>
    value === undefined ? undefined : rule(value);

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const plain: Rule = must("an object", isPlain);

/** Other fields are let through: a newer minor may add some, and a worker must not strip what it hands on. */
function object(fields: Readonly<Record<string, Rule>>): Rule {
  const rules = Object.entries(fields);
  return (value) => {
    if (!isPlain(value)) return plain(value);
    for (const [name, rule] of rules) {
      const wrong = rule(value[name]);
      if (wrong !== undefined) return `.${name}${wrong}`;
    }
    return undefined;
  };
}

const correlation: Rule = (value) => {
  if (!isPlain(value)) return plain(value);
  for (const name in value) {
    const wrong = correlationKey(value[name]);
    if (wrong !== undefined) return `.${name}${wrong}`;
  }
  return undefined;
};
const correlationKey: Rule = must(
  "a text, a finite number or a boolean",
  (value) => typeof value === "string" || typeof value === "boolean" || Number.isFinite(value),
);

const envelope: Rule = object({
  semel: must(`format ${envelopeFormat}`, (value) => value === envelopeFormat),
  id: text(200, 1),
  type: text(100, 1),
  version: must("a whole number from 1", (value) => Number.isSafeInteger(value) && (value as number) > 0),
  lane: text(100, 1),
  key: text(32, 32),
  fingerprint: text(64),
  tenant: maybe(text(256, 1)),
  correlation: maybe(correlation),
  createdAt: whole,
  notBefore: whole,
  deadlineAt: whole,
  priority: maybe(must(`one of ${priorities.join(", ")}`, (value) => priorities.some((one) => one === value))),
  counters: object({ attempts: whole, crashes: whole, deferrals: whole, redrives: whole }),
  timings: object({ enqueuedAt: whole, startedAt: maybe(whole), finishedAt: maybe(whole) }),
  causation: maybe(
    object({
      id: anyText,
      type: anyText,
      isBound: maybe(must("true or false", (value) => typeof value === "boolean")),
    }),
  ),
  redriveOf: maybe(text(200, 1)),
  trace: maybe(object({ traceparent: text(128), tracestate: maybe(text(512)) })),
  meta: maybe(plain),
});

/** What is wrong with an envelope, for people; `undefined` if nothing is. */
export function envelopeProblem(value: unknown): string | undefined {
  const wrong = envelope(value);
  return wrong?.startsWith(":") ? `envelope${wrong}` : wrong?.slice(1);
}
