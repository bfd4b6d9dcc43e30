import type { Lease } from "../idempotency/lease.ts";
import type { AnswerTo, Renew } from "../idempotency/operations.ts";
import type { Delivery } from "../queue/queue.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { within } from "../runtime/deadline.ts";
import { Gatherer } from "../runtime/gatherer.ts";
import { LinkedList } from "../runtime/linked-list.ts";

/** A renewal every third of a lease leaves two more chances before it ends. */
const renewAfter = 1 / 3;
const extendDeadlineMs = 5_000;
/** A renewal that comes late by this part of the lease, and by a second at least, was kept from coming. */
const stallAfter = 1 / 6;
const leastStallMs = 1_000;

interface Keeping {
  readonly clock: Clock;
  readonly renew: (operation: Renew) => Promise<AnswerTo<Renew>>;
  /** Renews the broker's hold; answers those it has lost. */
  readonly extend: (held: readonly Delivery[]) => Promise<readonly Delivery[]>;
  readonly onProblem: (during: "renew" | "extend", error: unknown) => void;
  /** For this long no timer fired: the event loop was blocked, or the machine stood still. */
  readonly onStall: (forMs: number) => void;
}

/**
 * Keeps the leases of one consumer alive. Each has two timers of its own, so that nothing one of them waits for can
 * hold up another: every third of the lease it is renewed in the store (the judge) and the broker's hold with it; and
 * when five sixths have passed since the last confirmed renewal was sent, it is fenced off here, on the monotonic
 * clock, even while the store is silent. What falls due together travels together.
 */
export class LeaseKeeper {
  readonly #keeping: Keeping;
  readonly #leases = new LinkedList<Lease>();
  readonly #extender: Gatherer<Delivery, "held" | "lost">;
  #stalledUntil = Number.NEGATIVE_INFINITY;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
    this.#extender = new Gatherer(async (deliveries) => {
      const extended = within(keeping.clock, extendDeadlineMs, "the queue (extend)", () => keeping.extend(deliveries));
      const lost = new Set(await extended);
      return deliveries.map((delivery) => (lost.has(delivery) ? "lost" : "held"));
    });
  }

  get leases(): Iterable<Lease> {
    return this.#leases;
  }

  hold(lease: Lease): void {
    const [renewal, fence] = [this.#nextRenewal(lease), this.#nextFence(lease)];
    lease.kept = { place: this.#leases.push(lease), renewal, fence };
  }

  release(lease: Lease): void {
    lease.kept?.renewal.cancel();
    lease.kept?.fence.cancel();
    lease.kept?.place.leave();
    lease.kept = undefined;
  }

  /** Renews one lease now: to learn of a cancel, to store progress. */
  async renew(lease: Lease): Promise<void> {
    const sentAt = this.#keeping.clock.monotonic();
    const { key, owner, fence, leaseMs, progress } = lease;
    try {
      const answer = await this.#keeping.renew({ op: "renew", key, owner, fence, leaseMs, progress });
      if (answer.is === "lost") return lease.lose();
      this.#confirmed(lease, sentAt);
      if (answer.cancelRequested) lease.abort("cancelled", answer.cancelRequested.by);
    } catch (error) {
      this.#keeping.onProblem("renew", error);
    }
  }

  /** Keeps the broker's hold on a delivery that has no lease yet, until the answered function is called. */
  holdDelivery(delivery: Delivery, everyMs: number): () => void {
    let timer: Timer | undefined;
    const arm = (): void => {
      timer = this.#keeping.clock.timer(
        everyMs,
        () => {
          void this.#extend(delivery);
          arm();
        },
        "background",
      );
    };
    arm();
    return () => timer?.cancel();
  }

  #confirmed(lease: Lease, sentAt: number): void {
    lease.confirmedAt = Math.max(lease.confirmedAt, sentAt);
    if (!lease.kept) return;
    lease.kept.fence.cancel();
    lease.kept.fence = this.#nextFence(lease);
  }

  #nextRenewal(lease: Lease): Timer {
    const dueAt = this.#keeping.clock.monotonic() + lease.leaseMs * renewAfter;
    return this.#keeping.clock.timer(
      lease.leaseMs * renewAfter,
      () => {
        this.#look(dueAt, lease.leaseMs);
        if (!lease.kept || lease.isLost) return;
        lease.kept.renewal = this.#nextRenewal(lease);
        void this.renew(lease);
        void this.#extend(lease.delivery);
      },
      "background",
    );
  }

  /** One stall holds up the renewals of all leases, and is told once. */
  #look(dueAt: number, leaseMs: number): void {
    const now = this.#keeping.clock.monotonic();
    const forMs = now - dueAt;
    if (forMs < Math.max(leastStallMs, leaseMs * stallAfter) || dueAt < this.#stalledUntil) return;
    this.#stalledUntil = now;
    this.#keeping.onStall(Math.round(forMs));
  }

  #nextFence(lease: Lease): Timer {
    const { clock } = this.#keeping;
    const fence = (): void => {
      // Steps confirm it as well, and turn no timer for that.
      if (lease.kept && clock.monotonic() < lease.fencedAt) lease.kept.fence = this.#nextFence(lease);
      else lease.expire();
    };
    return clock.timer(Math.max(0, lease.fencedAt - clock.monotonic()), fence, "background");
  }

  async #extend(delivery: Delivery): Promise<void> {
    try {
      // A hold that is gone is no reason to stop: the lease counts, and the second delivery finds it held.
      await this.#extender.send(delivery);
    } catch (error) {
      this.#keeping.onProblem("extend", error);
    }
  }
}
