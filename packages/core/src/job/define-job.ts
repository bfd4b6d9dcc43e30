import type { StandardSchemaV1 as Schema } from "@standard-schema/spec";
import type { DeadReason } from "../dead-letter/reason.ts";
import { knownOnly, OptionInvalidError } from "../errors/option-invalid.ts";
import { type BackoffPolicy, backoffPolicy, type RetryOptions } from "../retry/backoff.ts";
import { type Duration, toMs } from "../runtime/duration.ts";
import type { AnyJob, Job, Key, Tenancy } from "./job.ts";
import type { JsonOnly, Reparses } from "./json.ts";
import type { Priority } from "./priority.ts";
import type { JobRequest } from "./request.ts";

type In<S extends Schema> = Schema.InferInput<S>;
type Out<S extends Schema> = Schema.InferOutput<S>;
/** Options are `?: T | undefined`, because users compile with `exactOptionalPropertyTypes`. */
type Opt<T> = { readonly [K in keyof T]?: T[K] | undefined };

type KeyFields<P> = { [K in keyof P & string]-?: P[K] extends Key ? K : never }[keyof P & string];

/** How a job ended. */
export type End<R = unknown> =
  | { readonly state: "completed"; readonly result: R }
  | {
      readonly state: "dead";
      readonly reason: DeadReason;
      readonly error: { readonly code: string; readonly message: string } | undefined;
    }
  | { readonly state: "cancelled"; readonly by: string };

/** What `onSettled` is told. */
export type Settled<P = unknown, R = unknown> = {
  readonly id: string;
  readonly tenant: string | undefined;
  readonly payload: P;
} & End<R>;

export interface JobOptions<T extends string, P extends Schema, R extends Schema, N extends Tenancy>
  extends Opt<{
    /** Version of the payload, a whole number from 1. Default: 1. Raise it with a change of the schema and add an `upcast`. */
    version: number;
    /** Schema of the result; it has to survive JSON (a `Float32Array` does). Default: the processor returns nothing. */
    result: R & JsonOnly<Out<R>>;
    /** Default: `"none"`. */
    tenant: N;
    /**
     * How long a completed job answers for the same work (`replayed`), counted from its completion. `"while-active"`:
     * only as long as it has not ended; enqueued again later, it runs again. Default: `"7d"`.
     */
    window: Duration | "while-active";
    /** A new enqueue of dead work takes its place (`"rerun"`, finished steps are kept) or is a duplicate of it (`"keep"`). Default: `"rerun"`. */
    onDead: "rerun" | "keep";
    /** Default: 5 attempts in all, base `"1s"`, cap `"5m"`, full jitter. */
    retry: RetryOptions;
    /** One attempt, at most; the signal fires then. Default: `"15m"`. */
    timeout: Duration;
    /** The job's age, counted from when it may first start, at which it is given up. Default: `"24h"`. */
    deadline: Duration;
    /** How long a silent worker keeps the job; renewed every third of it. Default: `"30s"`, at least `"1s"`. */
    lease: Duration;
    /** Workers that may die while running it before it is set aside as `CRASH_LOOP`. Default: 3. */
    maxCrashes: number;
    /** Types with the same `queue` wait in one line. Default: a line of its own, named like the type. */
    queue: string;
    /**
     * Lets jobs of this type overtake each other: their usual priority, which `enqueue` may override. Types that share a
     * `queue` all declare one, or none does. Default: first in, first out.
     */
    priority: Priority;
    /** Fields of the payload that are replaced in dead letters' listings and logs: `"text"`, `"customer.email"`, `"parts.*.body"`. */
    redact: readonly string[];
    /** Keep the payload of completed jobs as long as their result, so that `rerun(id)` works. Default: false. */
    keepPayload: boolean;
    /** From each older version to the next: `{ 1: (old) => new }`. */
    // biome-ignore lint/suspicious/noExplicitAny: what an older version looked like is known to the user alone
    upcast: Readonly<Record<number, (older: any) => unknown>>;
    /**
     * Jobs to enqueue when a run has ended this one. Durable: settled in the same write as the job itself, also when it
     * dies. A worker asks it, with the payload. So it is not asked where the payload cannot be read; nor for a job that is
     * cancelled while no attempt of it runs, or whose cancel overtakes a retry: whoever cancels can enqueue what is to follow.
     */
    onSettled: (end: Settled<Out<P>, Out<R>>) => JobRequest | readonly JobRequest[] | undefined;
  }> {
  /** Names the job in the queue, in the store and in every log: 1–100 characters of `A–Z a–z 0–9 . _ : / -`. */
  readonly type: T;
  /** Any Standard Schema (zod, valibot, arktype …). Checked at enqueue and again by the worker. */
  readonly payload: P & JsonOnly<Out<P>> & Reparses<In<P>, Out<P>>;
  /**
   * What makes two requests the same work: names of payload fields, a function, or `"none"` for work that is never the
   * same. There is no default: this is what *once* means.
   */
  readonly correlation: readonly KeyFields<Out<P>>[] | ((payload: Out<P>) => Readonly<Record<string, Key>>) | "none";
}

/** A definition with its defaults filled in; what the parts of Semel read. */
export interface DefinedJob extends AnyJob {
  readonly lane: string;
  readonly payload: Schema;
  readonly result: Schema | undefined;
  readonly correlation: readonly string[] | ((payload: unknown) => Readonly<Record<string, Key>>) | "none";
  readonly onCompleted: "replay" | "rerun";
  readonly onDead: "rerun" | "keep";
  readonly keepMs: number;
  readonly retry: BackoffPolicy;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  readonly leaseMs: number;
  readonly maxCrashes: number;
  readonly priority: Priority | undefined;
  readonly redact: readonly string[];
  readonly keepPayload: boolean;
  readonly upcast: Readonly<Record<number, (older: unknown) => unknown>>;
  readonly onSettled: ((end: Settled) => JobRequest | readonly JobRequest[] | undefined) | undefined;
}

const knownOptions: readonly (keyof JobOptions<string, Schema, Schema, Tenancy>)[] = [
  "type",
  "payload",
  "correlation",
  "version",
  "result",
  "tenant",
  "window",
  "onDead",
  "retry",
  "timeout",
  "deadline",
  "lease",
  "maxCrashes",
  "queue",
  "priority",
  "redact",
  "keepPayload",
  "upcast",
  "onSettled",
];
const typePattern = /^[A-Za-z0-9._:/-]{1,100}$/;
/** A `while-active` job keeps its result this long for those who wait for it. */
const whileActiveKeepMs = 86_400_000;
/** Past this, "7d" was meant and "7000d" written. */
const longestWindowMs = 400 * 86_400_000;

/**
 * Defines a job: its type, the shape of its payload and result, and what makes two requests the same work.
 *
 * @example
 * const embedChunk = defineJob({
 *   type: "embed-chunk",
 *   payload: z.object({ documentId: z.string(), index: z.number().int(), hash: z.string(), text: z.string() }),
 *   result: z.object({ dimensions: z.number() }),
 *   correlation: ["documentId", "index", "hash"],
 * });
 * @throws `OPTION_INVALID` naming the option, what was expected and what came.
 */
export function defineJob<
  const T extends string,
  P extends Schema,
  R extends Schema = Schema<void, void>,
  const N extends Tenancy = "none",
>(options: JobOptions<T, P, R, N>): Job<T, In<P>, Out<P>, Out<R>, N> {
  const at = (option: string): string =>
    `defineJob(${typeof options?.type === "string" ? options.type : "?"}).${option}`;
  const check = (holds: boolean, option: string, expected: string, got: unknown): void => {
    if (!holds) throw new OptionInvalidError(at(option), expected, got);
  };
  if (typeof options !== "object" || options === null)
    throw new OptionInvalidError("defineJob", "an object of options", options);
  knownOnly(options, knownOptions, at("").slice(0, -1));
  const { version = 1, maxCrashes = 3, window = "7d", onDead = "rerun", correlation, upcast = {} } = options;
  check(
    typeof options.type === "string" && typePattern.test(options.type),
    "type",
    "1 to 100 characters of A–Z a–z 0–9 . _ : / -",
    options.type,
  );
  check(isSchema(options.payload), "payload", "a Standard Schema (zod, valibot, arktype …)", options.payload);
  check(options.result === undefined || isSchema(options.result), "result", "a Standard Schema", options.result);
  check(Number.isInteger(version) && version >= 1, "version", "a whole number from 1", version);
  check(Number.isInteger(maxCrashes) && maxCrashes >= 0, "maxCrashes", "a whole number from 0", maxCrashes);
  check(
    options.tenant === undefined || options.tenant === "none" || options.tenant === "required",
    "tenant",
    '"none" or "required"',
    options.tenant,
  );
  check(onDead === "rerun" || onDead === "keep", "onDead", '"rerun" or "keep"', onDead);
  check(isCorrelation(correlation), "correlation", 'field names, a function, or "none"', correlation);
  check(
    options.priority === undefined || ["interactive", "normal", "bulk"].includes(options.priority),
    "priority",
    '"interactive", "normal" or "bulk"',
    options.priority,
  );
  check(
    options.queue === undefined || typePattern.test(options.queue),
    "queue",
    "1 to 100 characters of A–Z a–z 0–9 . _ : / -",
    options.queue,
  );
  for (let older = 1; older < version && Object.keys(upcast).length > 0; older++) {
    check(
      typeof upcast[older] === "function",
      `upcast[${older}]`,
      `a function from version ${older} to ${older + 1}`,
      upcast[older],
    );
  }
  const leaseMs = toMs(options.lease ?? "30s", at("lease"));
  check(leaseMs >= 1000, "lease", 'at least "1s"', options.lease);
  const keepMs = window === "while-active" ? whileActiveKeepMs : toMs(window, at("window"));
  check(keepMs <= longestWindowMs, "window", 'at most "400d"', window);

  const job: DefinedJob = {
    type: options.type,
    version,
    tenant: options.tenant ?? "none",
    lane: options.queue ?? options.type,
    payload: options.payload,
    result: options.result,
    correlation: correlation as DefinedJob["correlation"],
    onCompleted: window === "while-active" ? "rerun" : "replay",
    onDead,
    keepMs,
    retry: backoffPolicy(options.retry, at("retry")),
    timeoutMs: toMs(options.timeout ?? "15m", at("timeout")),
    deadlineMs: toMs(options.deadline ?? "24h", at("deadline")),
    leaseMs,
    maxCrashes,
    priority: options.priority,
    redact: options.redact ?? [],
    keepPayload: options.keepPayload ?? false,
    upcast,
    onSettled: options.onSettled as DefinedJob["onSettled"],
  };
  return Object.freeze(job) as unknown as Job<T, In<P>, Out<P>, Out<R>, N>;
}

/** The full definition behind a public job. A copy of this package in another format made it just the same. */
export function definitionOf(job: AnyJob): DefinedJob {
  const defined = job as DefinedJob;
  if (typeof defined?.type !== "string" || !isSchema(defined.payload))
    throw new OptionInvalidError("job", "a job made by defineJob()", job);
  return defined;
}

function isSchema(value: unknown): value is Schema {
  // A schema may be a function (arktype) as well as an object.
  const candidate = value as { "~standard"?: { validate?: unknown } } | null | undefined;
  return typeof candidate?.["~standard"]?.validate === "function";
}

function isCorrelation(value: unknown): boolean {
  if (value === "none" || typeof value === "function") return true;
  return (
    Array.isArray(value) && value.length > 0 && value.every((field) => typeof field === "string" && field.length > 0)
  );
}
