import type { EnqueueOptions } from "./enqueue-options.ts";
import type { AnyJob, InputOf } from "./job.ts";

/** A job somebody else will enqueue: what `onSettled` answers and `children` takes. Made by {@link request}. */
export interface JobRequest<J extends AnyJob = AnyJob> {
  readonly "~semel": "request";
  readonly job: J;
  readonly payload: unknown;
  readonly options: EnqueueOptions;
}

/** Describes a job to be enqueued: once the settlement it belongs to is written, or as a child. */
export function request<J extends AnyJob>(job: J, payload: InputOf<J>, options: EnqueueOptions = {}): JobRequest<J> {
  return { "~semel": "request", job, payload, options };
}
