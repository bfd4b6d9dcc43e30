import type { Consumer, Delivery, Disposition, Queue } from "@semel/core/adapter";
import type { VirtualClock } from "./virtual-clock.ts";

/** An attempt that has made no end for this long in real time is taken to wait for the virtual clock. */
const usualPatienceMs = 25;
const drainDeadlineMs = 5_000;

/** Knows which deliveries of a queue are being handled, so that a test can wait until something has happened. */
export class InFlight {
  /** The queue, watched. */
  readonly queue: Queue;
  readonly #watched: Queue;
  /** Where is looked how much waits. */
  readonly #behind: Queue;
  readonly #patienceMs: number;
  #running = 0;
  /** Counts beginnings and ends: as long as it stands still, nothing happens. */
  #turnover = 0;
  #stuckAt = -1;

  /** @param behind the same queue without the faults that may be in front of it. Default: the queue itself. */
  constructor(queue: Queue, behind: Queue = queue, patienceMs: number = usualPatienceMs) {
    this.#watched = queue;
    this.#patienceMs = patienceMs;
    this.#behind = behind;
    // Not a copy: an adapter's methods live on its prototype.
    this.queue = new Proxy(queue, {
      get: (target, name) => {
        if (name === "consume") return this.#consume;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  }

  readonly #consume: Queue["consume"] = (lane, options, handle): Promise<Consumer> =>
    this.#watched.consume(lane, options, async (delivery: Delivery): Promise<Disposition> => {
      this.#running++;
      this.#turnover++;
      try {
        return await handle(delivery);
      } finally {
        this.#running--;
        this.#turnover++;
      }
    });

  /** How many deliveries are being handled. */
  get running(): number {
    return this.#running;
  }

  /** Whether a job is being handled, or may be without time passing. */
  async #isBusy(): Promise<boolean> {
    if (this.#running > 0) return true;
    for (const { lane } of await this.#behind.lanes()) {
      const { held, waiting } = await this.#behind.counts(lane);
      if (!held && waiting > 0) return true;
    }
    return false;
  }

  /** Everything has gone as far as it can without time passing, or seems to. */
  async settled(): Promise<void> {
    await turns();
    await this.#settled();
  }

  /** The same of several. */
  static async allSettled(all: readonly InFlight[]): Promise<void> {
    await turns();
    for (const one of all) await one.#settled();
  }

  async #settled(): Promise<void> {
    let [seen, since] = [this.#turnover, performance.now()];
    // Once found to wait for the clock, it is not waited for again at every tick.
    while (this.#stuckAt !== this.#turnover && (await this.#isBusy())) {
      if (this.#turnover !== seen) [seen, since] = [this.#turnover, performance.now()];
      else if (performance.now() - since > this.#patienceMs) this.#stuckAt = seen;
      await turns();
    }
  }

  /** Nothing is left that may run now. */
  async drained(): Promise<void> {
    await turns();
    const startedAt = performance.now();
    while (await this.#isBusy()) {
      if (performance.now() - startedAt > drainDeadlineMs) {
        throw new Error(
          `drain: ${this.#running} attempt(s) still running after ${drainDeadlineMs} ms of real time. A processor that waits for time to pass needs kit.advance(…); jobs nobody takes keep waiting`,
        );
      }
      await turns();
    }
  }

  /** Lets a closing worker's own timers fire until nothing runs any more. */
  async ended(clock: VirtualClock): Promise<void> {
    await turns();
    for (let tries = 0; this.#running > 0 && tries < 20; tries++) {
      if (clock.nextAt !== undefined) await clock.advance(1_000);
      await turns();
    }
  }
}

/** Promise chains settle within one turn of the event loop; code that yields to it needs a few. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
