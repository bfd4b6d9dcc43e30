import type {
  Added,
  Addition,
  Clock,
  ConsumeOptions,
  Consumer,
  Delivery,
  Disposition,
  EpochMs,
  JobId,
  LaneCounts,
  Priority,
} from "@semel/core/adapter";
import { Queue as BullQueue, type IQueueBackend, type JobsOptions } from "bullmq";
import type { Broker } from "./broker.ts";
import { LaneConsumer } from "./lane-consumer.ts";
import { LaneHold } from "./lane-hold.ts";
import { queueName } from "./lane-name.ts";
import { pack, type StoredJob } from "./stored-job.ts";

/** BullMQ hands out lower numbers first, and 0 – no priority – before all others. */
const rank: Record<Priority, number> = { interactive: 1, normal: 2, bulk: 3 };

/** BullMQ writes an event for every move; we read none. The least that it trims to. */
const keptEvents = 1;

type Report = (text: string, error: unknown) => void;
type Wish = { readonly until: EpochMs | null } | "released";

interface Refusal {
  readonly error: unknown;
}

interface NewJob {
  readonly name: string;
  readonly data: StoredJob;
  readonly opts: JobsOptions;
}

function newJob(addition: Addition, nonce: string): NewJob {
  return {
    name: addition.type,
    data: pack(addition.envelope, nonce),
    opts: {
      jobId: addition.id,
      removeOnComplete: true,
      removeOnFail: true,
      ...(addition.delayMs > 0 ? { delay: addition.delayMs } : {}),
      ...(addition.priority ? { priority: rank[addition.priority] } : {}),
    },
  };
}

/** One lane: one queue of BullMQ. */
export class Lane {
  readonly #name: string;
  readonly #queueName: string;
  readonly #broker: Broker;
  readonly #queue: BullQueue<StoredJob, void, string, StoredJob, void, string, IQueueBackend, unknown>;
  readonly #hold: LaneHold;
  readonly #report: Report;
  #prepared: Promise<void> | undefined;

  constructor(name: string, namespace: string, broker: Broker, clock: Clock, report: Report) {
    this.#name = name;
    this.#queueName = queueName(namespace, name);
    this.#broker = broker;
    this.#report = report;
    this.#queue = new BullQueue(this.#queueName, { connection: {}, skipMetasUpdate: true }, broker.backend);
    this.#queue.on("error", (error) => report(`the queue of lane ${name} failed`, error));
    this.#hold = new LaneHold(this.#queue.getBackend(), clock, report);
  }

  async add(additions: readonly Addition[], nonce: string): Promise<readonly Added[]> {
    // An id that comes twice in one call would carry the same nonce twice; only the first goes to the broker.
    const firstAt = new Map<JobId, number>();
    for (const [index, { id }] of additions.entries()) if (!firstAt.has(id)) firstAt.set(id, index);
    const jobs = additions.flatMap((addition, index) =>
      firstAt.get(addition.id) === index ? [newJob(addition, nonce)] : [],
    );
    await this.#prepare();
    const refusals = jobs.length < this.#broker.bulkFrom ? await this.#addEach(jobs) : await this.#addBulk(jobs);
    const nonces = await this.#broker.nonces(this.#queueName, [...firstAt.keys()]);
    const outcomes = new Map<JobId, Added>();
    for (const [index, id] of [...firstAt.keys()].entries()) {
      const refusal = refusals[index];
      // Not there any more: it was handed out and acknowledged already.
      const isOurs = !nonces.has(id) || nonces.get(id) === nonce;
      outcomes.set(id, refusal ? { is: "refused", error: refusal.error } : { is: isOurs ? "added" : "kept" });
    }
    return additions.map(({ id }, index) => {
      const outcome = outcomes.get(id) as Added;
      return outcome.is === "refused" || firstAt.get(id) === index ? outcome : { is: "kept" };
    });
  }

  /** Answers the broker's refusals, at the index of their job. */
  async #addEach(jobs: readonly NewJob[]): Promise<readonly (Refusal | undefined)[]> {
    // One that fails must not be reported while the others are still on their way.
    const outcomes = await Promise.allSettled(jobs.map((job) => this.#queue.add(job.name, job.data, job.opts)));
    return outcomes.map((outcome) => (outcome.status === "rejected" ? this.#refusal(outcome.reason) : undefined));
  }

  /** One statement: all or none. */
  async #addBulk(jobs: NewJob[]): Promise<readonly (Refusal | undefined)[]> {
    try {
      await this.#queue.addBulk(jobs);
      return [];
    } catch (error) {
      return new Array<Refusal>(jobs.length).fill(this.#refusal(error));
    }
  }

  /** Any other failure leaves open whether the job was added, and rejects the call. */
  #refusal(error: unknown): Refusal {
    if (!this.#broker.refused(error)) throw error;
    return { error };
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#queue
      .getBackend()
      .setQueueMeta({ "opts.maxLenEvents": keptEvents })
      .then(
        () => undefined,
        (error) => {
          this.#prepared = undefined;
          throw error;
        },
      );
    return this.#prepared;
  }

  async consume(
    options: ConsumeOptions,
    handle: (delivery: Delivery) => Promise<Disposition>,
    done: (consumer: Consumer) => void,
  ): Promise<Consumer> {
    await this.#prepare();
    const unwatch = await this.#hold.watch();
    const consumer: LaneConsumer = new LaneConsumer({
      queue: this.#queueName,
      lane: this.#name,
      backend: this.#broker.backend,
      options,
      handle,
      report: this.#report,
      left: () => {
        unwatch();
        done(consumer);
      },
    });
    return consumer;
  }

  async has(id: JobId): Promise<boolean> {
    return (await this.#queue.getJobState(id)) !== "unknown";
  }

  async remove(id: JobId): Promise<"removed" | "running" | "absent"> {
    // BullMQ answers 0 both for a job in somebody's hands and for one that is not there.
    if ((await this.#queue.getBackend().remove(id, false)) > 0) return "removed";
    return (await this.has(id)) ? "running" : "absent";
  }

  hold(wish: Wish): Promise<void> {
    return this.#hold.set(wish);
  }

  async limit(concurrency: number | undefined): Promise<void> {
    if (concurrency === undefined) await this.#queue.removeGlobalConcurrency();
    else await this.#queue.setGlobalConcurrency(concurrency);
  }

  async counts(): Promise<LaneCounts> {
    const { paused, ...counts } = await this.#broker.counts(this.#queueName);
    return { ...counts, held: await this.#hold.counts(paused) };
  }

  async close(): Promise<void> {
    this.#hold.close();
    await this.#queue.close();
  }
}
