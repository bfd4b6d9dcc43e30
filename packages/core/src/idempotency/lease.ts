import type { GuardKey } from "../job/identity.ts";
import type { Delivery } from "../queue/queue.ts";
import { type AbortReason, AttemptAborted } from "../runtime/abort.ts";
import type { Progress } from "./job-record.ts";

interface LeaseOptions {
  readonly delivery: Delivery;
  readonly key: GuardKey;
  readonly owner: string;
  readonly fence: number;
  readonly leaseMs: number;
  /** When the claim that got it was sent, on the monotonic clock. */
  readonly sentAt: number;
}

/** One worker's claim on one job while it runs. `signal` fires when the run is to stop, whatever the cause. */
export class Lease {
  readonly delivery: Delivery;
  readonly key: GuardKey;
  readonly owner: string;
  readonly fence: number;
  readonly leaseMs: number;
  /** The store said that somebody else has it. Nothing may be written any more. */
  isLost = false;
  /** When the last successful renewal was sent. */
  confirmedAt: number;
  progress: Progress | undefined;
  readonly #controller = new AbortController();

  constructor(options: LeaseOptions) {
    this.delivery = options.delivery;
    this.key = options.key;
    this.owner = options.owner;
    this.fence = options.fence;
    this.leaseMs = options.leaseMs;
    this.confirmedAt = options.sentAt;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get abortReason(): AbortReason | undefined {
    return this.signal.aborted ? (this.signal.reason as AttemptAborted).reason : undefined;
  }

  /** The first reason stands. */
  abort(reason: AbortReason, message: string): void {
    if (!this.signal.aborted) this.#controller.abort(new AttemptAborted(reason, message));
  }

  lose(): void {
    this.isLost = true;
    this.abort("lease-lost", "another worker holds this job now");
  }
}
