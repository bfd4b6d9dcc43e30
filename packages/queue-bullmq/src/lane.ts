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
} from "@semel/core/adapter";
import type { IQueueBackend, JobJson } from "bullmq";
import type { Broker, Report } from "./broker.ts";
import { LaneConsumer } from "./lane-consumer.ts";
import { LaneHold } from "./lane-hold.ts";
import { queueName } from "./lane-name.ts";
import { rememberedMs } from "./lane-registry.ts";
import { newJob } from "./new-job.ts";

/** BullMQ writes an event for every move; we read none. The least that it trims to. */
const keptEvents = 1;

type Wish = { readonly until: EpochMs | null } | "released";

/** One lane: one queue of BullMQ. */
export class Lane {
  readonly #name: string;
  readonly #queue: string;
  readonly #broker: Broker;
  readonly #backend: IQueueBackend;
  readonly #hold: LaneHold;
  readonly #clock: Clock;
  readonly #report: Report;
  #prepared: Promise<void> | undefined;
  /** When it began, on the monotonic clock; absent until it has succeeded once. */
  #preparedAt: number | undefined;

  constructor(name: string, namespace: string, broker: Broker, clock: Clock, report: Report) {
    this.#name = name;
    this.#queue = broker.nameOf(queueName(namespace, name));
    this.#broker = broker;
    this.#clock = clock;
    this.#report = report;
    this.#backend = broker.backend(this.#queue, { connection: {} });
    this.#hold = new LaneHold(this.#backend, clock, report);
  }

  async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    // Of several with one id the first counts. Over several sessions, the broker could see another one first.
    const firsts = new Map<JobId, Addition>();
    for (const addition of additions) if (!firsts.has(addition.id)) firsts.set(addition.id, addition);
    const jobs = [...firsts.values()].map((addition) => newJob(addition, this.#broker.data));
    await this.#prepare();
    const answers = jobs.length < this.#broker.bulkFrom ? await this.#addEach(jobs) : await this.#addBulk(jobs);
    const byId = new Map(jobs.map(({ id }, index) => [id, answers[index] as Added]));
    return additions.map(({ id }) => byId.get(id) as Added);
  }

  async #addEach(jobs: readonly JobJson[]): Promise<readonly Added[]> {
    // One that fails must not be reported while the others are still on their way.
    const outcomes = await Promise.allSettled(jobs.map((job) => this.#backend.addJob(job, job.id)));
    return outcomes.map((outcome) =>
      outcome.status === "fulfilled" ? { is: "added" } : this.#refusal(outcome.reason),
    );
  }

  /** One statement: all or none. */
  async #addBulk(jobs: readonly JobJson[]): Promise<readonly Added[]> {
    try {
      await this.#backend.addJobs(jobs.map((job) => ({ job, jobId: job.id })));
      return jobs.map(() => ({ is: "added" }));
    } catch (error) {
      const refusal = this.#refusal(error);
      return jobs.map(() => refusal);
    }
  }

  /** Any other failure leaves open whether the job was added, and rejects the call. */
  #refusal(error: unknown): Added {
    if (!this.#broker.refused(error)) throw error;
    return { is: "refused", error };
  }

  /** Like the registry of lanes, again now and then: a broker that came back empty has forgotten it. */
  #prepare(): Promise<void> {
    const now = this.#clock.monotonic();
    const isAgain = this.#preparedAt !== undefined;
    if (now - (this.#preparedAt ?? now) >= rememberedMs) {
      this.#prepared = undefined;
      this.#preparedAt = now;
    }
    this.#prepared ??= this.#backend.setQueueMeta({ "opts.maxLenEvents": keptEvents }).then(
      () => {
        this.#preparedAt = now;
      },
      (error) => {
        this.#prepared = undefined;
        if (!isAgain) throw error;
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
      queue: this.#queue,
      lane: this.#name,
      broker: this.#broker,
      clock: this.#clock,
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

  has(id: JobId): Promise<boolean> {
    return this.#broker.has(this.#queue, id);
  }

  async remove(id: JobId): Promise<"removed" | "running" | "absent"> {
    // What BullMQ answers does not tell a job that is not there: on one database it was removed, on the other it was not.
    if (!(await this.has(id))) return "absent";
    if ((await this.#backend.remove(id, false)) > 0) return "removed";
    return (await this.has(id)) ? "running" : "absent";
  }

  hold(wish: Wish): Promise<void> {
    return this.#hold.set(wish);
  }

  async limit(concurrency: number | undefined): Promise<void> {
    if (concurrency === undefined) await this.#backend.removeQueueMetaFields(["concurrency"]);
    else await this.#backend.setQueueMeta({ concurrency });
    await this.#broker.wake?.(this.#queue);
  }

  async counts(): Promise<LaneCounts> {
    const { paused, isOwing: _, ...counts } = await this.#broker.counts(this.#queue);
    return { ...counts, held: await this.#hold.counts(paused) };
  }

  async close(): Promise<void> {
    this.#hold.close();
    await this.#backend.close();
  }
}
