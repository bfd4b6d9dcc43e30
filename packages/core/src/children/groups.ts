import { OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import { StepKeeper } from "../idempotency/step-keeper.ts";
import type { Steps } from "../idempotency/steps.ts";
import type { Envelope } from "../job/envelope.ts";
import type { AnyJob } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import type { Arrival } from "../worker/arrival.ts";
import type { WorkerParts } from "../worker/parts.ts";
import type { Child, ChildrenOptions } from "./child.ts";
import { type GroupParts, joinGroup } from "./group.ts";
import { together, type WaitsFor } from "./waiting.ts";

/** The groups of children one attempt asks for: `context.children`. */
export class Groups {
  readonly #parts: GroupParts;
  readonly #attempt: Steps;
  readonly #begun = new Set<string>();
  readonly #waiting: WaitsFor[] = [];

  constructor(worker: WorkerParts, { lease, claimed, sentAt }: Arrival, cause: Envelope, attempt: Steps) {
    const { id, type, tenant } = cause;
    const { clock } = worker.runtime;
    this.#attempt = attempt;
    this.#parts = {
      worker,
      lease,
      cause,
      steps: new StepKeeper({ guard: worker.guard, lease, givingUp: worker.givingUp }),
      about: { id, type, tenant, attempt: claimed.attempt, fence: claimed.fence },
      now: () => Math.round(claimed.now + clock.monotonic() - sentAt),
      waits: (forWhat) => {
        this.#waiting.push(forWhat);
        // Whoever catches what unwinds the processor gets no further than here.
        attempt.end();
      },
    };
  }

  /** What the attempt is to wait for; `undefined` where there is nothing. */
  get waitsFor(): WaitsFor | undefined {
    return this.#waiting.length > 0 ? together(this.#waiting) : undefined;
  }

  join<J extends AnyJob>(
    name: string,
    requests: readonly JobRequest<J>[],
    options: ChildrenOptions<J> = {},
  ): Promise<readonly Child<J>[]> {
    return this.#attempt.track(`children("${name}")`, this.#join(name, requests, options));
  }

  async #join<J extends AnyJob>(
    name: string,
    requests: readonly JobRequest<J>[],
    options: ChildrenOptions<J>,
  ): Promise<readonly Child<J>[]> {
    if (typeof name !== "string" || name.length === 0 || name.length > 200)
      throw new OptionInvalidError("children(name)", "a text of 1 to 200 characters", name);
    if (this.#begun.has(name))
      throw new SemelError("STEP_NAME_REPEATED", `children("${name}") was begun twice in one attempt`, {
        details: { step: name },
      });
    this.#begun.add(name);
    const { lease } = this.#parts;
    if (this.#attempt.isOver || lease.isLost || lease.abortReason === "lease-lost")
      throw new SemelError(
        "ATTEMPT_OVER",
        `children("${name}") was not begun: this attempt has ended, waits for other children, or no longer holds the job`,
        { isRetryable: true },
      );
    if (lease.aborted) throw lease.aborted;
    return joinGroup(this.#parts, name, requests, options);
  }
}
