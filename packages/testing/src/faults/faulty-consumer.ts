import type { Delivery, Disposition, Queue, Timer } from "@semel/core/adapter";
import { type Clock, type ConsumeOptions, type Consumer, systemClock } from "@semel/core/adapter";
import type { FaultPlan } from "./fault-plan.ts";
import type { FaultyPort } from "./faulty-port.ts";

type Handle = (delivery: Delivery) => Promise<Disposition>;

/** What can befall a delivery. */
export type DeliveryFault =
  | { readonly is: "twice" }
  | { readonly is: "late"; readonly delayMs: () => number }
  | { readonly is: "taken-back"; readonly afterMs: number };

/** Takes deliveries from a queue, and hands them over as faults would have it. */
export class FaultyConsumer implements Consumer {
  readonly #port: FaultyPort;
  readonly #plan: FaultPlan<DeliveryFault>;
  readonly #handle: Handle;
  readonly #onDispose: () => void;
  readonly #options: ConsumeOptions;
  #concurrency: number;
  #inner: Consumer | undefined;
  /** Deliveries the queue itself does not know. */
  readonly #copies = new Set<Delivery>();
  /** Those it knows and has taken back. */
  readonly #takenBack = new WeakSet<Delivery>();
  readonly #inHand = new Set<Promise<unknown>>();
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(
    port: FaultyPort,
    plan: FaultPlan<DeliveryFault>,
    options: ConsumeOptions,
    handle: Handle,
    onDispose: () => void,
  ) {
    this.#port = port;
    this.#plan = plan;
    this.#options = options;
    this.#concurrency = options.concurrency;
    this.#handle = handle;
    this.#onDispose = onDispose;
  }

  get #clock(): Clock {
    return this.#port.diary.clock ?? systemClock;
  }

  async take(queue: Queue, lane: string): Promise<void> {
    this.#inner = await queue.consume(lane, this.#options, (delivery) => this.#given(delivery));
    if (this.#port.connection.isSilent) this.listen(false);
  }

  /** A server that is silent hands out nothing. */
  listen(isListening: boolean): void {
    this.#inner?.resize(isListening ? this.#concurrency : 0);
  }

  async #given(delivery: Delivery): Promise<Disposition> {
    const since = this.#port.connection.cuts;
    const disposition = await this.#befallen(delivery);
    return this.#told(delivery, disposition, since);
  }

  #befallen(delivery: Delivery): Promise<Disposition> {
    const { id } = delivery;
    const fault = this.#plan.strike([{ point: "delivery", call: delivery }])?.fault;
    switch (fault?.is) {
      case undefined:
        return this.#handle(delivery);
      case "twice":
        this.#port.note(`delivers ${id} twice`);
        this.#handCopy({ ...delivery });
        return this.#handle(delivery);
      case "late": {
        const delayMs = fault.delayMs();
        this.#port.note(`delivers ${id} ${delayMs} ms late`);
        return this.#after(delayMs).then(() => this.#handle(delivery));
      }
      case "taken-back":
        return this.#takeBack(delivery, fault.afterMs);
    }
  }

  /** A second delivery of the same job: it goes its own way until it is acknowledged. */
  #handCopy(copy: Delivery): void {
    if (this.#isStopped) return;
    this.#copies.add(copy);
    const handling = this.#handle(copy).then((disposition) => {
      this.#copies.delete(copy);
      this.#inHand.delete(handling);
      if (disposition.do === "return") void this.#after(disposition.delayMs).then(() => this.#handCopy({ ...copy }));
    });
    this.#inHand.add(handling);
  }

  async #takeBack(delivery: Delivery, afterMs: number): Promise<Disposition> {
    const first = this.#handle(delivery);
    const ended = await Promise.race([first, this.#after(afterMs)]);
    if (ended) return ended;
    this.#port.note(`takes ${delivery.id} back and delivers it again`);
    this.#takenBack.add(delivery);
    this.#inHand.add(first);
    void first.finally(() => this.#inHand.delete(first));
    const again = { ...delivery };
    this.#copies.add(again);
    return this.#handle(again).finally(() => this.#copies.delete(again));
  }

  /** What the queue hears of it. A word that is lost leaves the delivery to the end of its hold. */
  async #told(delivery: Delivery, disposition: Disposition, since: number): Promise<Disposition> {
    const { connection } = this.#port;
    if (disposition.do === "abandon") return disposition;
    const passes = this.#port.passes(disposition.do, delivery);
    if (passes === "never") return { do: "abandon" };
    if (passes === "late") await connection.hang().catch(() => {});
    return connection.cuts === since ? disposition : { do: "abandon" };
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.timer(delayMs, () => {
        this.#timers.delete(timer);
        resolve();
      });
      this.#timers.add(timer);
    });
  }

  extend(held: readonly Delivery[]): Promise<readonly Delivery[]> {
    return this.#port.call([{ point: "extend", call: [held] }], async () => {
      const taken = held.filter((delivery) => this.#takenBack.has(delivery));
      const known = held.filter((delivery) => !this.#copies.has(delivery) && !this.#takenBack.has(delivery));
      return [...taken, ...((await this.#inner?.extend(known)) ?? [])];
    });
  }

  resize(concurrency: number): void {
    this.#concurrency = concurrency;
    if (!this.#port.connection.isSilent) this.#inner?.resize(concurrency);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#port.call([], async () => this.#inner?.stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const timer of this.#timers) timer.cancel();
    await this.#port.call([], async () => {
      await this.#inner?.[Symbol.asyncDispose]();
      await Promise.allSettled(this.#inHand);
    });
    this.#onDispose();
  }
}
