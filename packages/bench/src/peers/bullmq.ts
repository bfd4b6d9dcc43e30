import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { countdown } from "../countdown.ts";
import { type PlainJob, plainJobs, result, work } from "../work.ts";
import { address, type Drain, fill, type Load, type Place, type Producer } from "./peer.ts";

/** What Semel tells BullMQ, too: nothing of a finished job is kept. */
const retention = { removeOnComplete: true, removeOnFail: true } as const;

/** BullMQ and nothing else; ids are BullMQ's own numbers. */
export async function bullmqProducer(place: Place): Promise<Producer & { readonly queue: Queue }> {
  const jobOf = await plainJobs();
  const queue = new Queue(place.name, { connection: address(place), defaultJobOptions: retention });
  await queue.waitUntilReady();
  return {
    queue,
    add: async (index) => void (await queue.add("embed-chunk", jobOf(place.name, index).data)),
    async addMany(from, count) {
      const jobs = Array.from({ length: count }, (_, at) => jobOf(place.name, from + at));
      await queue.addBulk(jobs.map(({ data }) => ({ name: "embed-chunk", data })));
    },
    [Symbol.asyncDispose]: () => queue.close(),
  };
}

export const drainBullmq: Drain = (place, load) => drained(place, load, async () => work(load.workMs));

/**
 * BullMQ and the guard that many write by hand: a key is set if it is not there yet, and the result takes its place.
 * It finds a repeat, and has neither lease nor fence.
 */
export const drainSetNx: Drain = async (place, load) => {
  const redis = new Redis(place.url);
  try {
    return await drained(place, load, async ({ id }) => {
      const key = `${place.name}:guard:${id}`;
      if ((await redis.set(key, "running", "EX", 60, "NX")) !== "OK") return;
      await work(load.workMs);
      // As long as Semel keeps a completed job's record.
      await redis.set(key, JSON.stringify(result), "EX", 604_800);
    });
  } finally {
    await redis.quit();
  }
};

async function drained(place: Place, load: Load, process: (job: PlainJob["data"]) => Promise<void>): Promise<number> {
  await using producer = await bullmqProducer(place);
  await fill(producer, load.jobs);
  const { tick, fail, done } = countdown(load.jobs);
  const started = performance.now();
  const worker = new Worker<PlainJob["data"]>(place.name, (job) => process(job.data), {
    connection: address(place),
    concurrency: load.concurrency,
  });
  // "completed" comes when BullMQ has written it down.
  worker.on("completed", tick);
  worker.on("failed", (_job, error) => fail(error));
  worker.on("error", fail);
  try {
    return (await done) - started;
  } finally {
    await worker.close();
  }
}
