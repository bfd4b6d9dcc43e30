import { AsyncResource } from "node:async_hooks";
import { Heap } from "./heap.ts";

// Taken once: a test that puts its own in their place later must not find some of our timers on these and some on those.
const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

/** A context to call in. It keeps no process alive, and says so to Jest's `--detectOpenHandles`, which asks. */
class Context extends AsyncResource {
  hasRef(): boolean {
    return false;
  }
}

/** One native timer serves many: the tenant or the span of whoever happened to arm it is none of the others'. */
const ofNobody = /* @__PURE__ */ new Context("semel.timers");

/** `setTimeout` takes 31 bits; a longer delay would fire at once. */
const longestTimeoutMs = 2 ** 31 - 1;
/** Fewer timers than this may lie about cancelled. */
const manyCancelled = 256;

/** One of the {@link Timers}. */
class SetTimer {
  /** On the monotonic clock, in milliseconds. */
  readonly dueAt: number;
  /** Those that are due at the same instant fire in the order in which they were set. */
  readonly order: number;
  /** `undefined` once it has fired or was cancelled. */
  fire: (() => void) | undefined;
  readonly #timers: Timers;

  constructor(dueAt: number, order: number, fire: () => void, timers: Timers) {
    this.dueAt = dueAt;
    this.order = order;
    this.fire = fire;
    this.#timers = timers;
  }

  cancel(): void {
    if (!this.fire) return;
    this.fire = undefined;
    this.#timers.cancelled();
  }
}

/**
 * Many timers on one of Node's. Every attempt sets seven, and cancels them long before they are due; done like this,
 * that is an entry in a heap and a note that it is not wanted any more, at a tenth of the price.
 */
export class Timers {
  readonly #isBackground: boolean;
  readonly #set = new Heap<SetTimer>(
    (one, other) => one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order),
  );
  /** How many have neither fired nor been cancelled. */
  #awaited = 0;
  #order = 0;
  #native: ReturnType<typeof setTimeout> | undefined;
  #nativeAt = Number.POSITIVE_INFINITY;

  /** @param kind `background`: they do not keep the process alive. */
  constructor(kind?: "background") {
    this.#isBackground = kind === "background";
  }

  /** Calls `fire` once, never before `delayMs` are over, and never in this turn of the event loop. */
  set(delayMs: number, fire: () => void): SetTimer {
    const timer = new SetTimer(now() + Math.max(1, delayMs || 1), ++this.#order, fire, this);
    this.#set.push(timer);
    if (++this.#awaited === 1 && !this.#isBackground) this.#native?.ref();
    if (timer.dueAt < this.#nativeAt) this.#arm(timer.dueAt);
    return timer;
  }

  /** One of them is not awaited any more. */
  cancelled(): void {
    // The native timer stays. It is likely to be right for the next one, and otherwise finds nothing to do.
    if (--this.#awaited === 0) this.#native?.unref();
    const cancelled = this.#set.size - this.#awaited;
    if (cancelled > manyCancelled && cancelled > this.#awaited) this.#set.keep(({ fire }) => fire !== undefined);
  }

  #arm(dueAt: number): void {
    if (this.#native) clearTimeout(this.#native);
    this.#nativeAt = dueAt;
    const delayMs = Math.min(Math.max(1, Math.ceil(dueAt - now())), longestTimeoutMs);
    this.#native = ofNobody.runInAsyncScope(() => setTimeout(() => this.#wake(), delayMs));
    if (this.#isBackground) this.#native.unref();
  }

  #wake(): void {
    this.#native = undefined;
    this.#nativeAt = Number.POSITIVE_INFINITY;
    const until = now();
    try {
      for (let next = this.#set.first; next && (!next.fire || next.dueAt <= until); next = this.#set.first) {
        this.#set.shift();
        this.#fire(next);
      }
    } finally {
      // Also when one of them threw: that is no affair of the others.
      if (this.#set.first) this.#arm(this.#set.first.dueAt);
    }
  }

  #fire(timer: SetTimer): void {
    const { fire } = timer;
    if (!fire) return;
    timer.fire = undefined;
    if (--this.#awaited === 0) this.#native?.unref();
    fire();
  }
}
