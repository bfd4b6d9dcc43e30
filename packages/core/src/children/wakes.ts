import { type GuardKey, type JobId, keyOf } from "../job/identity.ts";
import type { Delivery } from "../queue/queue.ts";
import type { Signals } from "../queue/signals.ts";
import type { Clock } from "../runtime/clock.ts";

/** Texts of deliveries that are kept to be brought forward, in characters; parents beyond that look by themselves. */
const mostText = 64 * 1_048_576;
/** Likewise children that are listened for. */
const mostKeys = 200_000;
/** A parent that waits on looks again before this, here or elsewhere; one that does not has moved on. */
const keptMs = 120_000;

/** Ends that were heard lately: a child may end between the look at it and the watch. */
const mostHeard = 10_000;

/** A parent that waits, and its delivery, which is to be brought forward. */
export interface Waiter {
  readonly id: JobId;
  readonly delivery: Delivery;
  /** Of the attempt that began to wait: tells one time of waiting from the next. */
  readonly fence: number;
}

interface Watch extends Waiter {
  readonly since: number;
  readonly open: Set<GuardKey>;
}

/**
 * Brings a parent forward when the last of its children has ended. Nothing depends on it: a parent looks by itself, too, and
 * one that is brought forward for nothing waits again. So it listens within what memory it may have, hears what signals bring
 * it, and forgets all with its process.
 */
export class Wakes {
  readonly #signals: Signals;
  readonly #clock: Clock;
  readonly #bringForward: (waiter: Waiter) => Promise<void>;
  /** The oldest first. */
  readonly #watches = new Map<JobId, Watch>();
  readonly #byChild = new Map<GuardKey, Set<Watch>>();
  /** When, on the monotonic clock; the oldest first. */
  readonly #lately = new Map<GuardKey, number>();
  #text = 0;
  #keys = 0;
  #isClosed = false;
  #subscription: Promise<AsyncDisposable> | undefined;

  constructor(signals: Signals, clock: Clock, bringForward: (waiter: Waiter) => Promise<void>) {
    this.#signals = signals;
    this.#clock = clock;
    this.#bringForward = bringForward;
  }

  /** From now on ends are heard, if signals can be had. Answers the time, for {@link watch}. */
  listen(): number {
    if (!this.#isClosed) this.#subscribe();
    return this.#clock.monotonic();
  }

  /**
   * Until the last of `open` has ended, or it waits anew.
   * @param lookedAt what {@link listen} answered before it was looked how they stand.
   */
  watch(waiter: Waiter, open: readonly GuardKey[], lookedAt: number): void {
    const since = this.#clock.monotonic();
    this.#forget(this.#watches.get(waiter.id));
    for (const watch of this.#watches.values()) {
      if (since - watch.since < keptMs) break;
      this.#forget(watch);
    }
    const watch: Watch = { ...waiter, since, open: new Set(open) };
    const isRoom = this.#text + textOf(watch) <= mostText && this.#keys + watch.open.size <= mostKeys;
    if (this.#isClosed || watch.open.size === 0 || !isRoom) return;
    this.#watches.set(watch.id, watch);
    this.#text += textOf(watch);
    this.#keys += watch.open.size;
    for (const key of watch.open) this.#byChild.set(key, (this.#byChild.get(key) ?? new Set()).add(watch));
    for (const key of open) if ((this.#lately.get(key) ?? Number.NEGATIVE_INFINITY) >= lookedAt) this.#ended(key);
  }

  #forget(watch: Watch | undefined): void {
    if (!watch) return;
    for (const key of watch.open) this.#leave(watch, key);
    this.#watches.delete(watch.id);
    this.#text -= textOf(watch);
  }

  #leave(watch: Watch, key: GuardKey): void {
    const others = this.#byChild.get(key);
    if (!others?.delete(watch)) return;
    this.#keys--;
    watch.open.delete(key);
    if (others.size === 0) this.#byChild.delete(key);
  }

  #heard(key: GuardKey): void {
    this.#lately.delete(key);
    this.#lately.set(key, this.#clock.monotonic());
    for (const oldest of this.#lately.keys()) {
      if (this.#lately.size <= mostHeard) break;
      this.#lately.delete(oldest);
    }
    this.#ended(key);
  }

  #ended(key: GuardKey): void {
    for (const watch of [...(this.#byChild.get(key) ?? [])]) {
      this.#leave(watch, key);
      if (watch.open.size > 0) continue;
      this.#forget(watch);
      // One that cannot be brought forward comes by itself.
      this.#bringForward(watch).catch(() => {});
    }
  }

  #subscribe(): void {
    if (this.#subscription) return;
    this.#subscription = this.#signals.subscribe("changed", (id) => this.#heard(keyOf(id) ?? ""));
    // Without signals it is slower, not wrong; the next who waits tries again.
    this.#subscription.catch(() => {
      this.#subscription = undefined;
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const watch of [...this.#watches.values()]) this.#forget(watch);
    this.#subscription?.then((subscription) => subscription[Symbol.asyncDispose]()).catch(() => {});
  }
}

const textOf = ({ delivery }: Waiter): number => delivery.envelope.length;
