import type { Wakes } from "../children/wakes.ts";
import type { Guard } from "../idempotency/guard.ts";
import type { Emitter } from "../instrumentation/hooks.ts";
import type { Logger } from "../instrumentation/logger.ts";
import type { EnqueueOptions } from "../job/enqueue-options.ts";
import type { Enqueued } from "../job/enqueued.ts";
import type { Envelope } from "../job/envelope.ts";
import type { JobId } from "../job/identity.ts";
import type { AnyJob, InputOf } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import type { Around } from "../processor/around.ts";
import type { Delivery } from "../queue/queue.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Admission } from "../semel/admit.ts";
import type { Prepared } from "../semel/prepare.ts";
import type { Isolation } from "./isolation.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Mortal } from "./mortal.ts";
import type { Registration } from "./registration.ts";

/** What an attempt needs of its worker and of the Semel around it. */
export interface WorkerParts {
  readonly id: string;
  readonly guard: Guard;
  readonly runtime: Runtime;
  /** Where this attempt can be made to die; absent in production. */
  readonly mortal?: Mortal | undefined;
  readonly emitter: Emitter;
  readonly logger: Logger;
  readonly around: Around | undefined;
  readonly registrations: ReadonlyMap<string, Registration>;
  readonly leases: LeaseKeeper;
  readonly isolation: Isolation;
  /** The worker takes nothing more: what is not begun is given back. */
  readonly stopping: AbortSignal;
  /** The worker's time to close is over: what is not answered yet is not waited for. */
  readonly givingUp: AbortSignal;
  /** For the worker's account of its closing: an attempt begins, has settled one way or the other, or ignores its signal. */
  note(delivery: Delivery, what: "begun" | "finished" | "released" | "runaway"): void;
  /** Enqueues on behalf of the job that runs. */
  enqueue<J extends AnyJob>(
    cause: Envelope,
    job: J,
    payload: InputOf<J>,
    options?: EnqueueOptions,
  ): Promise<Enqueued<J>>;
  /** A question within the deadline. @throws `STORE_UNAVAILABLE`. */
  asked<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Checks and encodes what is to be enqueued on behalf of the job that runs, under an id that follows from it. Asks nobody. */
  prepareRequest(cause: Envelope, request: JobRequest, id: string, isBound: boolean): Promise<Prepared>;
  /** Enqueues it; safe to repeat. A conflict is an answer. */
  admitRequest(prepared: Prepared): Promise<Admission>;
  /** Brings a job that waits for others forward when they have ended. */
  readonly wakes: Pick<Wakes, "listen" | "watch">;
  /** Follow-up jobs in the form they are settled with. */
  prepareFollowUps(cause: Envelope, requests: readonly JobRequest[]): Promise<string>;
  /** Gives settled follow-ups to the queue; safe to repeat. */
  sendFollowUps(followUps: string): Promise<void>;
  /** Has the lane hand out nothing for so long, where it is one type's own. Nobody waits for it. */
  rest(lane: string, forMs: number, reason: string): void;
  /** Wakes those who wait for this job. */
  announce(id: JobId): void;
}
