import type { EnqueueOptions } from "./enqueue-options.ts";
import type { AnyJob, InputOf } from "./job.ts";

/** A job somebody else will enqueue: what `onSettled` answers. Made by {@link request}. */
export interface JobRequest {
  readonly "~semel": "request";
  readonly job: AnyJob;
  readonly payload: unknown;
  readonly options: EnqueueOptions;
}

/** Describes a job to be enqueued once the settlement it belongs to is written. */
export function request<J extends AnyJob>(job: J, payload: InputOf<J>, options: EnqueueOptions = {}): JobRequest {
  return { "~semel": "request", job, payload, options };
}
