import type { Lease } from "../idempotency/lease.ts";
import type { AnswerTo, Renew } from "../idempotency/operations.ts";
import type { Delivery } from "../queue/queue.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

/** A renewal every third of a lease leaves two more chances before it ends. */
const renewAfter = 1 / 3;
/** Past this part of the lease without an answer, it is treated as lost: the rest is for what is already on its way. */
const fenceAfter = 5 / 6;

interface Keeping {
  readonly clock: Clock;
  readonly renew: (operation: Renew) => Promise<AnswerTo<Renew>>;
  /** Renews the broker's hold; answers those it has lost. */
  readonly extend: (held: readonly Delivery[]) => Promise<readonly Delivery[]>;
  readonly onProblem: (during: "renew" | "extend", error: unknown) => void;
}

/**
 * Keeps the leases of one consumer alive: one tick renews them in the store (the judge) and then the broker's hold of
 * all that are not lost. A lease nobody confirmed for {@link fenceAfter} of its length is fenced off here, on the
 * monotonic clock, even while the store is silent.
 */
export class LeaseKeeper {
  readonly #keeping: Keeping;
  readonly #leases = new Set<Lease>();
  #timer: Timer | undefined;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  get leases(): ReadonlySet<Lease> {
    return this.#leases;
  }

  hold(lease: Lease): void {
    this.#leases.add(lease);
    this.#arm();
  }

  release(lease: Lease): void {
    this.#leases.delete(lease);
    if (this.#leases.size === 0) this.#disarm();
  }

  /** Renews one lease now: to learn of a cancel, to store progress. */
  async renew(lease: Lease): Promise<void> {
    const sentAt = this.#keeping.clock.monotonic();
    lease.renewedAt = sentAt;
    const { key, owner, fence, leaseMs, progress } = lease;
    try {
      const answer = await this.#keeping.renew({ op: "renew", key, owner, fence, leaseMs, progress });
      if (answer.is === "lost") return lease.lose();
      lease.confirmedAt = sentAt;
      if (answer.cancelRequested) lease.abort("cancelled", answer.cancelRequested.by);
    } catch (error) {
      this.#keeping.onProblem("renew", error);
    }
  }

  #arm(): void {
    if (this.#timer || this.#leases.size === 0) return;
    const shortest = Math.min(...[...this.#leases].map((lease) => lease.leaseMs));
    // A sixth: fine enough to see both the third that renews and the five sixths that fence.
    this.#timer = this.#keeping.clock.timer(
      shortest / 6,
      () => {
        this.#timer = undefined;
        void this.#tick().finally(() => this.#arm());
      },
      "background",
    );
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    const now = this.#keeping.clock.monotonic();
    for (const lease of this.#leases) {
      if (now - lease.confirmedAt >= lease.leaseMs * fenceAfter)
        lease.abort("lease-lost", "the lease could not be renewed in time");
    }
    const due = [...this.#leases].filter(
      (lease) => !lease.isLost && now - lease.renewedAt >= lease.leaseMs * renewAfter,
    );
    if (due.length === 0) return;
    // Not awaited before the broker is asked: a silent store must not cost us the broker's hold as well.
    const renewals = Promise.all(due.map((lease) => this.renew(lease)));
    const answered = await Promise.race([renewals.then(() => true), this.#afterAMoment(due)]);
    const held = due.filter((lease) => !lease.isLost && this.#leases.has(lease)).map((lease) => lease.delivery);
    try {
      if (held.length > 0) await this.#keeping.extend(held);
    } catch (error) {
      this.#keeping.onProblem("extend", error);
    }
    if (answered !== true) await renewals;
  }

  /** An answer is worth waiting for, but not longer than a sixth of the lease. */
  #afterAMoment(due: readonly Lease[]): Promise<false> {
    const shortest = Math.min(...due.map((lease) => lease.leaseMs));
    return new Promise((resolve) => this.#keeping.clock.timer(shortest / 6, () => resolve(false), "background"));
  }
}
