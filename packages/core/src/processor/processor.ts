import type { FailureClass } from "../errors/failure-class.ts";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import { definitionOf } from "../job/define-job.ts";
import type { AnyJob, ResultOf } from "../job/job.ts";
import type { Duration } from "../runtime/duration.ts";
import type { JobContext } from "./context.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Declares how a job is done; a worker does it. Use {@link processor} for a function; extend `Processor.of(job)` where
 * dependencies are injected:
 *
 * @example
 * class EmbedProcessor extends Processor.of(embedChunk) {
 *   constructor(private readonly model: EmbeddingModel) { super(); }
 *   async process({ payload, once }: JobContext<typeof embedChunk>) { … }
 * }
 */
export abstract class Processor<J extends AnyJob = AnyJob> {
  /** A base class for processors of this job. */
  static of<J extends AnyJob>(job: J): abstract new () => Processor<J> {
    definitionOf(job);
    abstract class Bound extends Processor<J> {
      override readonly job: J = job;
    }
    return Bound;
  }

  /** Set by `Processor.of(job)`; a class that extends `Processor` itself sets its own. */
  declare readonly job: J;
  /** One attempt. Returns the result, or one of the context's outcomes; throws what failed. */
  abstract process(context: JobContext<J>): Promise<ResultOf<J> | Outcome>;
  /** What a failure means; `undefined` leaves it to Semel's own classification. */
  classifyFailure?(error: unknown, context: JobContext<J>): FailureClass | undefined;
  /**
   * Whether what deferred this job defers every job of its type: a provider's rate limit, an open breaker. The type then rests:
   * nothing of it is handed out, to any worker, until this one's wait is over; `resume` ends it earlier. Not where types share a
   * `queue`, and not where the queue cannot hold. Default: no.
   */
  restsType?(error: unknown, context: JobContext<J>): boolean;
  /** The wait after a failed attempt; `undefined` leaves it to the job's retry policy. */
  backoff?(attempt: number, error: unknown): Duration | undefined;
}

/** Anything with a job and a `process`: what a worker takes. Copies of this package in one application agree on it. */
export type AnyProcessor = Pick<Processor, "job" | "process" | "classifyFailure" | "restsType" | "backoff">;

/**
 * A processor as a function.
 *
 * @example
 * const embed = processor(embedChunk, async ({ payload, once }) => {
 *   const vector = await once("embed", ({ key, signal }) => model.embed(payload.text, { key, signal }));
 *   return { dimensions: vector.length };
 * });
 */
export function processor<J extends AnyJob>(
  job: J,
  process: (context: JobContext<J>) => Promise<ResultOf<J> | Outcome>,
  policies: Pick<Processor<J>, "classifyFailure" | "restsType" | "backoff"> = {},
): Processor<J> {
  definitionOf(job);
  if (typeof process !== "function") throw new OptionInvalidError("processor", "a function", process);
  return { job, process, ...policies };
}
