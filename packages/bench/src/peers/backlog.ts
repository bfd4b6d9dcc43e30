import { Worker } from "bullmq";
import { chunk, chunkProcessor, embedChunk } from "../work.ts";
import { bullmqProducer } from "./bullmq.ts";
import { address, fill, type Place } from "./peer.ts";
import { semelProducer } from "./semel.ts";

/** Many waiting jobs, and what is asked beside them. */
export interface Backlog extends AsyncDisposable {
  /** Adds the waiting jobs and answers how many they became; see `fill`. To be called once, before anything else. */
  fill(jobs: number, more: (added: number) => boolean): Promise<number>;
  enqueue(): Promise<void>;
  /** Of a job in the middle of the line. */
  status(): Promise<unknown>;
  counts(): Promise<unknown>;
  /** Starts a worker and closes it again; answers the milliseconds until the first job was in its hands. */
  fetch(): Promise<number>;
}

export async function bullmqBacklog(place: Place): Promise<Backlog> {
  const producer = await bullmqProducer(place);
  const { queue } = producer;
  let next = 0;
  let middle = "1";
  return {
    async fill(jobs, more) {
      next = await fill(producer, jobs, more);
      // BullMQ counts from 1.
      middle = String(Math.max(1, Math.floor(next / 2)));
      return next;
    },
    enqueue: () => producer.add(next++),
    status: () => queue.getJobState(middle),
    counts: () => queue.getJobCounts("waiting", "active", "delayed", "prioritized"),
    async fetch() {
      await producer.add(next++);
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const started = performance.now();
      const worker = new Worker(place.name, async () => resolve(performance.now()), { connection: address(place) });
      worker.on("error", reject);
      try {
        return (await promise) - started;
      } finally {
        await worker.close();
      }
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}

export async function semelBacklog(place: Place): Promise<Backlog> {
  const producer = await semelProducer(place);
  const { semel } = producer;
  let next = 0;
  let middle = "";
  return {
    async fill(jobs, more) {
      const added = await fill(producer, jobs, more);
      next = added;
      // Somebody has to be there to be asked for.
      if (added === 0) await producer.add(next++);
      const { documentId, index, hash } = chunk(place.name, Math.floor(added / 2));
      const job = await semel.find(embedChunk, { documentId, index, hash });
      if (!job) throw new Error("a job that was enqueued cannot be found");
      middle = job.id;
      return added;
    },
    enqueue: () => producer.add(next++),
    status: () => semel.status(middle),
    counts: () => semel.counts(),
    async fetch() {
      await producer.add(next++);
      const { promise, resolve } = Promise.withResolvers<number>();
      const started = performance.now();
      const processors = [chunkProcessor(0, false, () => resolve(performance.now()))];
      const worker = semel.worker({ processors, concurrency: 1 });
      try {
        return (await promise) - started;
      } finally {
        await worker.close();
      }
    },
    [Symbol.asyncDispose]: () => producer[Symbol.asyncDispose](),
  };
}
