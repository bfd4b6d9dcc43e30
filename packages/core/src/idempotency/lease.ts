import type { GuardKey } from "../job/identity.ts";
import type { Delivery } from "../queue/queue.ts";
import { type AbortReason, AttemptAborted } from "../runtime/abort.ts";
import type { Timer } from "../runtime/clock.ts";
import type { Link } from "../runtime/linked-list.ts";
import type { Progress } from "./job-record.ts";

/** Past this part of the lease without an answer, it is treated as lost: the rest is for what is already on its way. */
const fenceAfter = 5 / 6;

interface LeaseOptions {
  readonly delivery: Delivery;
  readonly key: GuardKey;
  readonly owner: string;
  readonly fence: number;
  readonly leaseMs: number;
  /** When the claim that got it was sent, on the monotonic clock. */
  readonly sentAt: number;
}

/** What its keeper has in hand for a lease. */
interface Kept {
  readonly place: Link<Lease>;
  renewal: Timer;
  fence: Timer;
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
  /** Its settlement is under way: a renewal that finds the job settled has met that, and lost nothing. */
  isSettling = false;
  /** When the last successful renewal was sent. */
  confirmedAt: number;
  progress: Progress | undefined;
  /** `undefined` while nobody keeps it alive. */
  kept: Kept | undefined;
  /** Made for whoever asks for the signal: most runs are over without anybody having asked. */
  #controller: AbortController | undefined;
  #aborted: AttemptAborted | undefined;
  #listeners: readonly (() => void)[] = [];

  constructor(options: LeaseOptions) {
    this.delivery = options.delivery;
    this.key = options.key;
    this.owner = options.owner;
    this.fence = options.fence;
    this.leaseMs = options.leaseMs;
    this.confirmedAt = options.sentAt;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Why the run is to stop; `undefined` as long as it may go on. */
  get aborted(): AttemptAborted | undefined {
    return this.#aborted;
  }

  get abortReason(): AbortReason | undefined {
    return this.#aborted?.reason;
  }

  /** `listen` is called once, when the run is to stop; before those who listen to the signal. Answers how to stop listening. */
  onAbort(listen: () => void): () => void {
    this.#listeners = [...this.#listeners, listen];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listen);
    };
  }

  /** The first reason stands. */
  abort(reason: AbortReason, message: string): void {
    if (this.#aborted) return;
    this.#aborted = new AttemptAborted(reason, message);
    try {
      for (const listen of this.#listeners) listen();
    } finally {
      this.#controller?.abort(this.#aborted);
    }
  }

  /** From then on the run may begin nothing, on the monotonic clock; each renewal that is answered puts it off. */
  get fencedAt(): number {
    return this.confirmedAt + this.leaseMs * fenceAfter;
  }

  /** Nobody could be asked for too long: somebody else may have the job by now. */
  expire(): void {
    this.abort("lease-lost", "the lease could not be renewed in time");
  }

  lose(): void {
    if (this.isSettling) return;
    this.isLost = true;
    this.abort("lease-lost", "another worker holds this job now");
  }
}
