import type { Clock, ConsumeOptions, Consumer, Delivery, Disposition, JobId, Timer } from "@semel/core/adapter";
import { DelayedError, WaitingError } from "bullmq";
import type { Broker, Report } from "./broker.ts";
import { LaneWatch } from "./lane-watch.ts";
import { type LaneJob, LaneWorker } from "./lane-worker.ts";

export interface ConsumerPlan {
  readonly queue: string;
  readonly lane: string;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly options: ConsumeOptions;
  readonly handle: (delivery: Delivery) => Promise<Disposition>;
  readonly report: Report;
  /** Called once, when the consumer is done. */
  readonly left: () => void;
}

/** A delivery in our hands, with the token that BullMQ knows it by and the worker that took it. */
interface Hand {
  readonly delivery: Delivery;
  readonly token: string;
  readonly worker: LaneWorker;
}

/** BullMQ's codes for "this job is not, or no longer, yours": expected after a lost hold, and no problem. */
const notOurs = new Set<unknown>([-1, -2, -3, -6]);

/**
 * How long the last acknowledgements may take once every delivery has been answered. A database that is away would keep
 * them for ever; those jobs come back when their holds end, and are found done.
 */
const lastWordMs = 2_000;

/**
 * Consumes one lane. BullMQ only moves the job: how its processor ends – by returning, or by one of the errors that
 * mean "already moved" – says what became of the delivery, never what became of the job's work.
 */
export class LaneConsumer implements Consumer {
  readonly #plan: ConsumerPlan;
  readonly #hands = new Map<JobId, Hand>();
  readonly #handling = new Set<Promise<unknown>>();
  /** Handlers that have not said yet what becomes of their deliveries. */
  readonly #deciding = new Set<Promise<Disposition>>();
  /** Workers that were replaced and still finish what they hold. */
  readonly #retiring = new Set<LaneWorker>();
  readonly #watch: LaneWatch | undefined;
  #worker: LaneWorker;
  #concurrency: number;
  #arrived = 0;
  #lastError: string | undefined;
  #stopped = false;
  #disposing: Promise<void> | undefined;

  constructor(plan: ConsumerPlan) {
    this.#plan = plan;
    this.#concurrency = plan.options.concurrency;
    this.#worker = this.#employ();
    const { broker, queue, clock } = plan;
    if (!broker.revive) return;
    this.#watch = new LaneWatch({
      clock,
      arrived: () => this.#arrived,
      hasRoom: () => this.#hands.size < this.#concurrency,
      isOwed: async () => (await broker.counts(queue)).isOwing === true,
      stuck: () => this.#replace(),
    });
  }

  #employ(): LaneWorker {
    const { queue, broker, options } = this.#plan;
    const worker = new LaneWorker({
      queue,
      broker,
      concurrency: this.#room(),
      holdMs: options.holdMs,
      process: (job, token, by) => this.#process(job, token, by),
    });
    worker.on("error", (error: Error & { code?: unknown }) => this.#trouble(error));
    if (this.#concurrency < 1) void worker.pause(true);
    return worker;
  }

  /** What fails does so again at once, as long as its reason lasts: it is said once, until a delivery came. */
  #trouble(error: Error & { code?: unknown }): void {
    if (notOurs.has(error.code) || this.#disposing || this.#lastError === error.message) return;
    this.#lastError = error.message;
    this.#plan.report(`a worker of lane ${this.#plan.lane} failed`, error);
  }

  /** What the worker may take while those before it still hold something. BullMQ takes no less than one. */
  #room(): number {
    const elsewhere = [...this.#hands.values()].filter(({ worker }) => this.#retiring.has(worker)).length;
    return Math.max(1, this.#concurrency - elsewhere);
  }

  #replace(): void {
    const { broker, queue, lane, report } = this.#plan;
    if (this.#stopped) return;
    report(`the worker of lane ${lane} got nothing although jobs are waiting; it is replaced`, undefined);
    void broker.revive?.(queue);
    const old = this.#worker;
    this.#retiring.add(old);
    this.#worker = this.#employ();
    void old.close().finally(() => {
      this.#retiring.delete(old);
      if (!this.#stopped && this.#concurrency >= 1) this.#worker.concurrency = this.#room();
    });
  }

  #process(job: LaneJob, token: string, worker: LaneWorker): Promise<void> {
    const processing = this.#handOver(job, token, worker);
    this.#handling.add(processing);
    return processing.finally(() => this.#handling.delete(processing));
  }

  async #handOver(job: LaneJob, token: string, worker: LaneWorker): Promise<void> {
    const isOurs = worker === this.#worker && !this.#stopped && this.#concurrency >= 1;
    // An idle worker of BullMQ takes one more job after it was told to pause.
    if (!isOurs) return this.#dispose(job, token, { do: "return", delayMs: 0 });
    this.#arrived += 1;
    this.#lastError = undefined;
    const id = job.id ?? "";
    const delivery: Delivery = { id, lane: this.#plan.lane, envelope: job.data };
    const hand: Hand = { delivery, token, worker };
    this.#hands.set(id, hand);
    const deciding = this.#handled(delivery);
    this.#deciding.add(deciding);
    const disposition = await deciding;
    this.#deciding.delete(deciding);
    // The hold ended meanwhile and the job came to us a second time: this delivery has nothing left to dispose of.
    if (this.#hands.get(id) !== hand) throw new DelayedError();
    this.#hands.delete(id);
    return this.#dispose(job, token, disposition);
  }

  async #handled(delivery: Delivery): Promise<Disposition> {
    try {
      return await this.#plan.handle(delivery);
    } catch (error) {
      this.#plan.report(`the handler of delivery ${delivery.id} rejected, which it never should`, error);
      return { do: "abandon" };
    }
  }

  /** Returns for "acknowledged"; the errors tell BullMQ that the job is none of its business any more. */
  async #dispose(job: LaneJob, token: string, disposition: Disposition): Promise<void> {
    if (disposition.do === "ack") return;
    if (disposition.do === "abandon") throw new DelayedError();
    try {
      if (disposition.delayMs > 0) await job.moveToDelayed(Date.now() + disposition.delayMs, token);
      else await this.#giveBack(job, token);
    } catch (error) {
      // Any other error would let BullMQ fail the job and remove it. Not moved, it comes back when the hold ends.
      if (!notOurs.has((error as { code?: unknown }).code))
        this.#plan.report(`delivery ${job.id} could not be returned; it comes back when its hold ends`, error);
      throw new DelayedError();
    }
    throw new WaitingError();
  }

  async #giveBack(job: LaneJob, token: string): Promise<void> {
    await job.moveToWait(token);
    // BullMQ tells nobody of a job with a priority that is given back.
    if (job.priority > 0) await this.#plan.broker.wake?.(this.#plan.queue).catch(() => undefined);
  }

  async extend(held: readonly Delivery[]): Promise<readonly Delivery[]> {
    const hands = held.flatMap((delivery) => {
      const hand = this.#hands.get(delivery.id);
      return hand?.delivery === delivery ? [hand] : [];
    });
    const kept = new Set(hands.map((hand) => hand.delivery));
    if (hands.length > 0) {
      const lost = await this.#worker.extendJobLocks(
        hands.map((hand) => hand.delivery.id),
        hands.map((hand) => hand.token),
        this.#plan.options.holdMs,
      );
      for (const { delivery } of hands) if (lost.includes(delivery.id)) kept.delete(delivery);
    }
    return held.filter((delivery) => !kept.has(delivery));
  }

  resize(concurrency: number): void {
    const more = concurrency > this.#concurrency;
    this.#concurrency = concurrency;
    if (this.#stopped) return;
    const worker = this.#worker;
    if (concurrency < 1) return void worker.pause(true);
    worker.concurrency = this.#room();
    // BullMQ's loop sleeps until a running job ends; only a resume wakes it to use the new room.
    if (more)
      void worker.pause(true).then(() => (this.#stopped || this.#concurrency < 1 ? undefined : worker.resume()));
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#watch?.end();
    await this.#worker.pause(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#end().finally(() => this.#plan.left());
    return this.#disposing;
  }

  async #end(): Promise<void> {
    await this.stop();
    const workers = [this.#worker, ...this.#retiring];
    const closed = Promise.all(workers.map((worker) => worker.close()));
    while (this.#deciding.size > 0) await Promise.allSettled(this.#deciding);
    await this.#soon(Promise.allSettled([closed, ...this.#handling]));
    // Nothing to do for those that are closed; of others it cuts what they wait on.
    for (const worker of workers) await worker.getBackend().close();
    // What the last acknowledgements made room for, and what was given back, others are to have at once.
    const { broker, queue } = this.#plan;
    await this.#soon(broker.wake?.(queue));
  }

  /** Waits for something, but not for ever; whether it failed does not matter any more. */
  async #soon(work: Promise<unknown> | undefined): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#plan.clock.timer(lastWordMs, resolve);
    });
    await Promise.race([work?.catch(() => undefined), late]);
    timer?.cancel();
  }
}
