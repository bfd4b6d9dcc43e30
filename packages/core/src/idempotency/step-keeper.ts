import type { StoredValue } from "../job/value.ts";
import type { Guard } from "./guard.ts";
import type { Lease } from "./lease.ts";
import type { AnswerTo, Lost, StepBegin } from "./operations.ts";
import { leaseLost } from "./step-errors.ts";

/** What is kept is worth waiting for, as the value of a step is. */
const patienceMs = 60_000;

interface StepKeeperParts {
  readonly guard: Guard;
  readonly lease: Lease;
  /** Fires when the worker waits for nothing any more. */
  readonly givingUp: AbortSignal;
}

/** Steps that Semel itself keeps with a job, under names of its own: no effect, just what is to be remembered. */
export class StepKeeper {
  readonly #parts: StepKeeperParts;

  constructor(parts: StepKeeperParts) {
    this.#parts = parts;
  }

  /** @throws `LEASE_LOST`. */
  async begin(step: string, input: string | undefined): Promise<Exclude<AnswerTo<StepBegin>, Lost>> {
    const { guard, lease } = this.#parts;
    const { key, owner, fence, leaseMs } = lease;
    const patience = Math.max(patienceMs, leaseMs);
    const begun = await guard.insist(
      { op: "step-begin", key, owner, fence, step, input, onUncertain: "begin", leaseMs },
      patience,
      lease.signal,
    );
    if (begun.is !== "lost") return begun;
    lease.lose();
    throw leaseLost(step, "begun");
  }

  /** What was begun. @throws `LEASE_LOST`. */
  async record(step: string, value: StoredValue): Promise<void> {
    const { guard, lease, givingUp } = this.#parts;
    const { key, owner, fence } = lease;
    const ended = await guard.insist(
      { op: "step-end", key, owner, fence, step, as: { is: "done", value } },
      patienceMs,
      givingUp,
    );
    if (ended.is === "stale") throw leaseLost(step, "recorded");
  }
}
