import type { ConsumeOptions, Consumer, Delivery, Disposition, JobId } from "@semel/core/adapter";
import { type BackendFactory, DelayedError, type IQueueBackend, type Job, WaitingError, Worker } from "bullmq";
import { type StoredJob, unpack } from "./stored-job.ts";

export interface ConsumerPlan {
  readonly queue: string;
  readonly lane: string;
  readonly backend: BackendFactory<IQueueBackend, unknown>;
  readonly options: ConsumeOptions;
  readonly handle: (delivery: Delivery) => Promise<Disposition>;
  readonly report: (text: string, error: unknown) => void;
  /** Called once, when the consumer is done. */
  readonly left: () => void;
}

type LaneWorker = Worker<StoredJob, void, string, IQueueBackend, object, unknown>;
type LaneJob = Job<StoredJob, void, string>;

/** A delivery in our hands, with the token that BullMQ knows it by. */
interface Hand {
  readonly delivery: Delivery;
  readonly token: string;
}

/** BullMQ's codes for "this job is not, or no longer, yours": expected after a lost hold, and no problem. */
const notOurs = new Set<unknown>([-1, -2, -3, -6]);

/** Far above what a job can reach: at its limit BullMQ would fail the job without calling us. */
const anyNumberOfStalls = 2 ** 31 - 1;

/**
 * How often to look for holds that ended. Not by this consumer's own hold alone: what a worker with a shorter one left
 * behind must not wait for it.
 */
const longestSweepMs = 5_000;

/**
 * One BullMQ worker. BullMQ only moves the job: how its processor ends – by returning, or by one of the errors that
 * mean "already moved" – says what became of the delivery, never what became of the job's work.
 */
export class LaneConsumer implements Consumer {
  readonly #plan: ConsumerPlan;
  readonly #worker: LaneWorker;
  readonly #hands = new Map<JobId, Hand>();
  #concurrency: number;
  #stopped = false;
  #disposing: Promise<void> | undefined;

  constructor(plan: ConsumerPlan) {
    this.#plan = plan;
    this.#concurrency = plan.options.concurrency;
    const { holdMs } = plan.options;
    this.#worker = new Worker<StoredJob, void, string, IQueueBackend, object, unknown>(
      plan.queue,
      (job: LaneJob, token = "") => this.#process(job, token),
      {
        connection: {},
        concurrency: Math.max(1, plan.options.concurrency),
        lockDuration: holdMs,
        // The worker's engine extends its holds itself, through `extend`.
        skipLockRenewal: true,
        stalledInterval: Math.max(1, Math.min(Math.ceil(holdMs / 2), longestSweepMs)),
        maxStalledCount: anyNumberOfStalls,
        // The default is 15 s: that long a worker would stay away after the database was.
        runRetryDelay: 500,
      },
      plan.backend,
    );
    this.#worker.on("error", (error: Error & { code?: unknown }) => {
      if (!notOurs.has(error.code) && !this.#disposing) plan.report(`a worker of lane ${plan.lane} failed`, error);
    });
    if (this.#concurrency < 1) void this.#worker.pause(true);
  }

  async #process(job: LaneJob, token: string): Promise<void> {
    // An idle worker of BullMQ takes one more job after it was told to pause.
    if (this.#stopped || this.#concurrency < 1) return this.#dispose(job, token, { do: "return", delayMs: 0 });
    const id = job.id ?? "";
    const delivery: Delivery = { id, lane: this.#plan.lane, envelope: unpack(job.data) };
    const hand: Hand = { delivery, token };
    this.#hands.set(id, hand);
    const disposition = await this.#handled(delivery);
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
      else await job.moveToWait(token);
    } catch (error) {
      // Any other error would let BullMQ fail the job and remove it. Not moved, it comes back when the hold ends.
      if (!notOurs.has((error as { code?: unknown }).code))
        this.#plan.report(`delivery ${job.id} could not be returned; it comes back when its hold ends`, error);
      throw new DelayedError();
    }
    throw new WaitingError();
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
    if (concurrency < 1) return void this.#worker.pause(true);
    this.#worker.concurrency = concurrency;
    // BullMQ's loop sleeps until a running job ends; only a resume wakes it to use the new room.
    if (more)
      void this.#worker
        .pause(true)
        .then(() => (this.#stopped || this.#concurrency < 1 ? undefined : this.#worker.resume()));
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#worker.pause(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.stop()
      .then(() => this.#worker.close())
      .finally(() => this.#plan.left());
    return this.#disposing;
  }
}
