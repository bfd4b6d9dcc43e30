import type { Consumer, Delivery, Disposition, JobId } from "@semel/core/adapter";
import type { SuiteTime } from "../time.ts";

/** One delivery a consumer was given. */
export interface Taken {
  readonly delivery: Delivery;
  /** By the monotonic clock. */
  readonly at: number;
  /** Ends it. Only the first call counts. */
  dispose(disposition: Disposition): void;
}

/** Decides at once what becomes of a delivery; `undefined` keeps it in hand until the test disposes of it. */
export type Answer = (delivery: Delivery) => Disposition | undefined;

export const ack: Disposition = { do: "ack" };
export const abandon: Disposition = { do: "abandon" };
export const returned = (delayMs = 0): Disposition => ({ do: "return", delayMs });

/** A worker of the suite: remembers what it was given, and keeps it until told what to do with it. */
export class Hands {
  /** Set once `consume` has answered; deliveries may come before. */
  consumer: Consumer | undefined;
  readonly taken: Taken[] = [];
  readonly #open = new Set<Taken>();
  readonly #time: SuiteTime;
  #answer: Answer;
  #most = 0;

  constructor(time: SuiteTime, answer: Answer = () => undefined) {
    this.#time = time;
    this.#answer = answer;
  }

  readonly handle = (delivery: Delivery): Promise<Disposition> =>
    new Promise((resolve) => {
      const taken: Taken = {
        delivery,
        at: this.#time.clock.monotonic(),
        dispose: (disposition) => {
          this.#open.delete(taken);
          resolve(disposition);
        },
      };
      this.taken.push(taken);
      this.#open.add(taken);
      this.#most = Math.max(this.#most, this.#open.size);
      const answer = this.#answer(delivery);
      // One turn later, as any handler would: nothing is disposed of while it is still being handed over.
      if (answer) setImmediate(() => taken.dispose(answer));
    });

  /** Ids in the order they came, repeats included. */
  get ids(): readonly JobId[] {
    return this.taken.map(({ delivery }) => delivery.id);
  }

  /** What is in hand now, the oldest first. */
  get open(): readonly Taken[] {
    return [...this.#open];
  }

  /** The most deliveries that were in hand at a time. */
  get most(): number {
    return this.#most;
  }

  /** The delivery given as the `index`th, counted from 0. */
  at(index: number): Taken {
    const taken = this.taken[index];
    if (!taken) throw new Error(`delivery ${index} never came; there were ${this.taken.length}`);
    return taken;
  }

  disposeAll(disposition: Disposition): void {
    for (const taken of this.open) taken.dispose(disposition);
  }

  /** Puts everything down, and whatever is still to come. */
  letGo(): void {
    this.#answer = () => abandon;
    this.disposeAll(abandon);
  }
}
