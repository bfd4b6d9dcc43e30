import { Queue, RedisStorage } from "@platformatic/job-queue";
import { countdown } from "../countdown.ts";
import { type PlainJob, plainJobs, result, work } from "../work.ts";
import { type Drain, fill, type Place, type Producer } from "./peer.ts";

/** As long as Semel keeps a result. Milliseconds. */
const resultTtlMs = 604_800_000;

type PlainQueue = Queue<PlainJob["data"], typeof result>;

function queueAt(place: Place, concurrency: number): PlainQueue {
  const storage = new RedisStorage({ url: place.url, keyPrefix: `${place.name}:` });
  // Seconds: an idle worker is closed within this time.
  return new Queue({ storage, concurrency, blockTimeout: 1, resultTTL: resultTtlMs });
}

/** `@platformatic/job-queue` with its storage on Redis: it knows repeats by id and keeps results. */
export async function platformaticProducer(place: Place): Promise<Producer> {
  const queue = queueAt(place, 1);
  await queue.start();
  return producerOf(queue, place, await plainJobs());
}

function producerOf(queue: PlainQueue, place: Place, jobOf: Awaited<ReturnType<typeof plainJobs>>): Producer {
  const add = async (index: number): Promise<void> => {
    const { id, data } = jobOf(place.name, index);
    await queue.enqueue(id, data);
  };
  return {
    add,
    // It has no bulk.
    addMany: async (from, count) => void (await Promise.all(Array.from({ length: count }, (_, at) => add(from + at)))),
    [Symbol.asyncDispose]: () => queue.stop(),
  };
}

export const drainPlatformatic: Drain = async (place, load) => {
  await using producer = await platformaticProducer(place);
  await fill(producer, load.jobs);
  const { tick, fail, done } = countdown(load.jobs);
  const worker = queueAt(place, load.concurrency);
  worker.execute(async () => {
    await work(load.workMs);
    return result;
  });
  worker.on("completed", tick);
  worker.on("failed", (_id, error) => fail(error));
  worker.on("error", fail);
  const started = performance.now();
  await worker.start();
  try {
    return (await done) - started;
  } finally {
    await worker.stop();
  }
};
