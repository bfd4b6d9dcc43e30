import type { DeadLetters } from "../dead-letter/dead-letters.ts";
import type { SemelError } from "../errors/semel-error.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import type { AnyJob, InputOf, Key } from "../job/job.ts";
import type { Explanation } from "./explain.ts";
import type { JobStatus } from "./status.ts";

/**
 * Enqueues one job. Resolves once it is safe with the queue, or known to be done already.
 * @throws `PAYLOAD_INVALID`, `PAYLOAD_NOT_JSON`, `PAYLOAD_TOO_LARGE`, `CORRELATION_MISSING`, `CORRELATION_CONFLICT`
 * (another payload stands for the same work; `details.fields` names what differs), `TENANT_INVALID`, `QUEUE_UNAVAILABLE`.
 */
export type Enqueue<Any extends AnyJob> = <J extends Any>(
  job: J,
  payload: InputOf<J>,
  options?: EnqueueOptions,
) => Promise<Enqueued<J>>;

/** Enqueues many of one type; what is refused does not keep the others back. */
export type EnqueueMany<Any extends AnyJob> = <J extends Any>(
  job: J,
  payloads: readonly InputOf<J>[],
  options?: Omit<EnqueueOptions, "id">,
) => Promise<{
  readonly accepted: readonly (Enqueued<J> & { readonly index: number })[];
  readonly refused: readonly { readonly index: number; readonly error: SemelError }[];
}>;

/**
 * What can be asked of jobs; of one tenant's alone on `semel.forTenant(id)`. A foreign id and an unknown one answer alike. What
 * no job can have as its id (the `{ id }` given to `enqueue`, say, which is only the end of one) is `OPTION_INVALID`.
 */
export interface Scope {
  /** `undefined`: the store knows no such job: there never was one, its record has expired or was erased, or the store lost it. */
  status<J extends AnyJob>(job: J, id: string): Promise<JobStatus<J> | undefined>;
  status(id: string): Promise<JobStatus | undefined>;
  /** By what the job stands for, for those who know the entity and not the id. */
  find<J extends AnyJob>(job: J, correlation: Readonly<Record<string, Key>>): Promise<JobStatus<J> | undefined>;
  /** Why the job is not done yet, the first reason first. Empty for an unknown id. */
  explain(id: string): Promise<readonly Explanation[]>;
  /**
   * `cancelled`: it was waiting and will not run. `requested`: it is running and its signal fires, at the latest with its
   * next renewal. `finished`: too late.
   */
  cancel(id: string, reason?: string): Promise<"cancelled" | "requested" | "finished" | "unknown">;
  /**
   * Runs an ended job again from scratch, as a new generation under a new id, which it answers. A dead job's payload is in
   * its letter; a completed job's is kept only if its definition says `keepPayload: true`.
   * @throws `JOB_NOT_FOUND` for an unknown id; `JOB_NOT_ENDED`; `PAYLOAD_NOT_KEPT`; `JOB_SUPERSEDED`.
   */
  rerun(id: string): Promise<string>;
  readonly deadLetters: DeadLetters;
}

/** One tenant's jobs. */
export interface TenantSemel extends Scope {
  readonly tenant: string;
  readonly enqueue: Enqueue<AnyJob>;
  readonly enqueueMany: EnqueueMany<AnyJob>;
}
