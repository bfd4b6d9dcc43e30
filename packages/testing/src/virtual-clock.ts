import type { Clock, EpochMs, Timer } from "@semel/core/adapter";

interface Due {
  /** On the monotonic clock: a jump of the wall clock moves no timer. */
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export interface VirtualClockOptions {
  /** The wall clock at the start. Default: 2030-01-01T00:00:00Z, far from the machine's, so that mixing them shows. */
  readonly startAt?: EpochMs | undefined;
  /**
   * Resolves when everything under way has gone as far as it can without time passing. Default: a few turns of the
   * event loop, which is enough for code that only awaits promises. Where real work is awaited (a database in this
   * process, a server), wait for that work here.
   */
  readonly settle?: (() => Promise<void>) | undefined;
}

/** A timer that re-arms itself with no delay would keep `advance` going for ever. */
const mostTimersAtOnce = 100_000;

/**
 * A clock that moves only when told to. Timers fire in the order of their time, those of the same instant in the order
 * of their creation, and each sees the clock at its own time, as if one had really waited:
 *
 * ```ts
 * const clock = new VirtualClock();
 * clock.timer(1_000, () => console.log(clock.monotonic()));
 * await clock.advance(5_000); // prints 1000
 * ```
 *
 * The same program run twice sees the same times.
 */
export class VirtualClock implements Clock {
  #now: EpochMs;
  #monotonic = 0;
  #created = 0;
  #advancing = false;
  readonly #timers = new Set<Due>();
  readonly #settle: () => Promise<void>;

  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.startAt ?? Date.UTC(2030, 0, 1);
    this.#settle = options.settle ?? turns;
  }

  now(): EpochMs {
    // Timers may be due between two milliseconds; the wall clock shows whole ones.
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  timer(delayMs: number, fire: () => void, _kind?: "background"): Timer {
    const due: Due = { at: this.#monotonic + Math.max(0, delayMs), order: ++this.#created, fire };
    this.#timers.add(due);
    return { cancel: () => void this.#timers.delete(due) };
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer fires if the wall clock does not jump; `undefined` without timers. */
  get nextAt(): EpochMs | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY);
    return next && this.#now + (next.at - this.#monotonic);
  }

  /**
   * Lets `ms` pass. What is due fires on the way, also what was set on the way, and after each the promises it set
   * off settle before time goes on. `advance(0)` only lets things settle and fires what is due now.
   * @throws what a timer throws; and when called while it is still advancing, because two hands on one clock would
   *   make the order of events a matter of chance.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0))
      throw new RangeError(`time only goes forward: expected 0 or more milliseconds, got ${ms}; see jump()`);
    if (this.#advancing) throw new Error("the clock is being advanced already; await the first call");
    this.#advancing = true;
    try {
      await this.#moveTo(this.#monotonic + ms);
    } finally {
      this.#advancing = false;
    }
  }

  async #moveTo(end: number): Promise<void> {
    await this.#settle();
    for (let fired = 0; ; fired++) {
      const due = this.#next(end);
      if (!due) break;
      if (fired === mostTimersAtOnce)
        throw new Error(`${fired} timers fired in one advance(): one of them re-arms itself without delay`);
      this.#pass(due.at - this.#monotonic);
      this.#timers.delete(due);
      due.fire();
      await this.#settle();
    }
    this.#pass(end - this.#monotonic);
  }

  /** The wall clock is set by `ms`, forward or back, as an administrator or a time service does. No timer notices. */
  jump(ms: number): void {
    this.#now += ms;
  }

  #pass(ms: number): void {
    this.#monotonic += ms;
    this.#now += ms;
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#timers) {
      if (due.at > end) continue;
      if (!next || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
    }
    return next;
  }
}

/** All promise chains settle within one turn; code that itself yields to the event loop now and then needs a few. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
