import { type IQueueBackend, type Job, type JobJson, Worker } from "bullmq";
import type { Broker, JobData } from "./broker.ts";

/** Its data is the envelope. */
export type LaneJob = Job<string, void, string, object>;

/** Far above what a job can reach: at its limit BullMQ would fail the job without calling us. */
const anyNumberOfStalls = 2 ** 31 - 1;

/**
 * How often to look for holds that ended. Not by this consumer's own hold alone: what a worker with a shorter one left
 * behind must not wait for it.
 */
const longestSweepMs = 5_000;

export interface LaneWorkerPlan {
  readonly queue: string;
  readonly broker: Broker;
  readonly concurrency: number;
  readonly holdMs: number;
  readonly process: (job: LaneJob, token: string, worker: LaneWorker) => Promise<void>;
}

/** BullMQ's worker, with the settings that Semel's promises need: some of its own would break them. */
export class LaneWorker extends Worker<string, void, string, IQueueBackend, object, unknown> {
  readonly #data: JobData;

  constructor({ queue, broker, concurrency, holdMs, process }: LaneWorkerPlan) {
    super(
      queue,
      (job: LaneJob, token = "") => process(job, token, this),
      {
        connection: {},
        concurrency: Math.max(1, concurrency),
        lockDuration: holdMs,
        // The worker's engine extends its holds itself, through `extend`.
        skipLockRenewal: true,
        stalledInterval: Math.max(1, Math.min(Math.ceil(holdMs / 2), longestSweepMs)),
        maxStalledCount: anyNumberOfStalls,
        // The default is 15 s: that long a worker would stay away after the database was.
        runRetryDelay: 500,
      },
      broker.backend,
    );
    this.#data = broker.data;
  }

  /** BullMQ would read the data as JSON, and never give a job whose data is none. */
  protected override createJob(json: JobJson, id: string): LaneJob {
    const job = super.createJob({ ...json, data: "null" }, id);
    job.data = this.#data.decode(json.data);
    return job;
  }
}
