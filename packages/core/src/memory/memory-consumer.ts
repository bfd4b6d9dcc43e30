import type { ConsumeOptions, Consumer, Delivery, Disposition } from "../queue/queue.ts";
import { LinkedList } from "../runtime/linked-list.ts";

export type Handle = (delivery: Delivery) => Promise<Disposition>;

/** What a consumer can ask of its lane. */
interface Hands {
  extend(delivery: Delivery): boolean;
  pump(): void;
  leave(): void;
}

/** One taker of a lane's deliveries. */
export class MemoryConsumer implements Consumer {
  readonly options: ConsumeOptions;
  readonly #handle: Handle;
  readonly #hands: Hands;
  readonly #running = new LinkedList<Promise<unknown>>();
  #concurrency: number;
  #stopped = false;

  constructor(options: ConsumeOptions, handle: Handle, hands: Hands) {
    this.options = options;
    this.#handle = handle;
    this.#hands = hands;
    this.#concurrency = options.concurrency;
  }

  get hasRoom(): boolean {
    return !this.#stopped && this.#running.size < this.#concurrency;
  }

  /** `done` is told what is to become of it; before that there is room for another. */
  run(delivery: Delivery, done: (disposition: Disposition) => void): void {
    const handling = this.#handle(delivery);
    const place = this.#running.push(handling);
    void handling.then((disposition) => {
      place.leave();
      done(disposition);
    });
  }

  async extend(held: readonly Delivery[]): Promise<readonly Delivery[]> {
    return held.filter((delivery) => !this.#hands.extend(delivery));
  }

  resize(concurrency: number): void {
    this.#concurrency = concurrency;
    this.#hands.pump();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#hands.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.allSettled(this.#running);
  }
}
