import type { StandardSchemaV1 as Schema } from "@standard-schema/spec";
import { describeFailure } from "../errors/failure.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { DefinedJob } from "./define-job.ts";
import type { Key } from "./job.ts";
import { sorted } from "./sorted.ts";

interface Issue {
  readonly path: string;
  readonly message: string;
}

/**
 * Parses a payload, at enqueue and again in the worker. A promise only where the schema answers with one.
 * @throws `PAYLOAD_INVALID` with every path that does not fit, in `details.issues`; or rejects with it.
 */
export function parsePayload(job: DefinedJob, payload: unknown): unknown {
  return validated(job.payload, payload, (issues) => {
    const message = `the payload of ${job.type} does not fit its schema: ${listed(issues)}`;
    return new SemelError("PAYLOAD_INVALID", message, { details: { type: job.type, issues } });
  });
}

/**
 * Likewise of a result. A job without a result schema has none.
 * @throws `RESULT_INVALID`, with paths; or rejects with it.
 */
export function parseResult(job: DefinedJob, result: unknown): unknown {
  if (!job.result) return undefined;
  return validated(job.result, result, (issues) => {
    const message = `the result of ${job.type} does not fit its schema: ${listed(issues)}`;
    return new SemelError("RESULT_INVALID", message, { details: { type: job.type, issues } });
  });
}

/** Most schemas answer at once: they are not made to wait a turn. */
function validated(schema: Schema, value: unknown, refuse: (issues: readonly Issue[]) => SemelError): unknown {
  const judge = (outcome: Schema.Result<unknown>): unknown => {
    if (!outcome.issues) return outcome.value;
    throw refuse(outcome.issues.slice(0, 20).map(issueOf));
  };
  // A schema that throws has an issue with the value, too.
  const threw = (error: unknown): Schema.Result<unknown> => ({
    issues: [{ message: `the schema threw: ${describeFailure(error).message}` }],
  });
  let outcome: Schema.Result<unknown> | Promise<Schema.Result<unknown>>;
  try {
    outcome = schema["~standard"].validate(value);
  } catch (error) {
    outcome = threw(error);
  }
  return isPromise(outcome) ? Promise.resolve(outcome).catch(threw).then(judge) : judge(outcome);
}

/** Not `instanceof`: a schema may have been made in another realm. */
const isPromise = <T extends object>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { then?: unknown }).then === "function";

const issueOf = ({ path = [], message }: Schema.Issue): Issue => ({
  path: path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
  message: message.slice(0, 300),
});

const listed = (issues: readonly Issue[]): string =>
  issues.map(({ path, message }) => `${path || "(whole)"}: ${message}`).join("; ");

/**
 * Brings an older payload up to the version of the definition, step by step.
 * @throws `PAYLOAD_INVALID` where a step is missing or throws.
 */
export function upcast(job: DefinedJob, payload: unknown, version: number): unknown {
  let current = payload;
  for (let from = version; from < job.version; from++) {
    const step = job.upcast[from];
    if (!step) {
      throw new SemelError(
        "PAYLOAD_INVALID",
        `${job.type} is at version ${job.version}, the job at ${version}: upcast[${from}] is missing`,
        {
          details: { type: job.type, version, expected: job.version },
        },
      );
    }
    try {
      current = step(current);
    } catch (cause) {
      throw new SemelError("PAYLOAD_INVALID", `upcast[${from}] of ${job.type} threw`, {
        cause,
        details: { type: job.type, version },
      });
    }
  }
  return current;
}

/**
 * What the job stands for, as fields.
 * @throws `CORRELATION_MISSING` naming the field that has no usable value.
 */
export function correlationOf(job: DefinedJob, payload: unknown): Readonly<Record<string, Key>> | undefined {
  if (job.correlation === "none") return undefined;
  if (typeof job.correlation === "function") return checked(job, computed(job, job.correlation, payload));
  const fields = payload as Readonly<Record<string, Key>> | null;
  const correlation: Record<string, Key> = {};
  for (const name of job.correlation) correlation[name] = fields?.[name] as Key;
  return checked(job, correlation);
}

function computed(
  job: DefinedJob,
  correlate: (payload: unknown) => Readonly<Record<string, Key>>,
  payload: unknown,
): Readonly<Record<string, Key>> {
  try {
    return correlate(payload);
  } catch (cause) {
    throw new SemelError("CORRELATION_MISSING", `the correlation of ${job.type} could not be computed: it threw`, {
      cause,
      details: { type: job.type },
    });
  }
}

/** Also where somebody asks for a job by its correlation. */
export function checked(job: DefinedJob, correlation: Readonly<Record<string, Key>>): Readonly<Record<string, Key>> {
  const names = typeof correlation === "object" && correlation !== null ? Object.keys(correlation) : [];
  const declared = Array.isArray(job.correlation) ? (job.correlation as readonly string[]) : names;
  const missing = declared.find((name) => !isKey(correlation?.[name])) ?? (names.length === 0 ? "(any)" : undefined);
  const extra = names.find((name) => !declared.includes(name) || !isKey(correlation[name]));
  const culprit = missing ?? extra;
  if (culprit === undefined) return correlation;
  throw new SemelError(
    "CORRELATION_MISSING",
    `${job.type} needs the correlation field "${culprit}": a non-empty text, a finite number or a boolean`,
    {
      details: { type: job.type, field: culprit, fields: declared },
    },
  );
}

const isKey = (value: unknown): value is Key =>
  (typeof value === "string" && value.length > 0) ||
  (typeof value === "number" && Number.isFinite(value)) ||
  typeof value === "boolean";

/** One text for one correlation, whatever the order of its fields: `"1"` and `1` stay apart. */
export function correlationText(correlation: Readonly<Record<string, Key>>): string {
  const names = sorted(Object.keys(correlation));
  return JSON.stringify(names.map((name) => [name, correlation[name]]));
}
