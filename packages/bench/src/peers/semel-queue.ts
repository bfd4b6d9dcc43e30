import type { Addition, Host, Queue } from "@semel/core/adapter";
import { systemClock } from "@semel/core/adapter";
import { countdown } from "../countdown.ts";
import { plainJobs, work } from "../work.ts";
import { type Drain, fill, type Place, type Producer } from "./peer.ts";

/** A worker's hold with the default lease of 30 s. */
const holdMs = 30_500;
const lane = "embed-chunk";

async function open(place: Place): Promise<{ readonly queue: Queue; readonly producer: Producer }> {
  const { bullmqQueue } = await import("@semel/queue-bullmq");
  const jobOf = await plainJobs();
  const queue = bullmqQueue({ redis: place.url });
  const host: Host = { namespace: place.name, clock: systemClock, report: () => {} };
  await queue.start(host);
  const addition = (index: number): Addition => {
    const { id, data } = jobOf(place.name, index);
    return { id, lane, type: lane, envelope: JSON.stringify(data), delayMs: 0 };
  };
  const add = async (additions: readonly Addition[]): Promise<void> => {
    for (const answer of await queue.add(additions))
      if (answer.is !== "added") throw new Error(`a job was ${answer.is}`);
  };
  const producer: Producer = {
    add: (index) => add([addition(index)]),
    addMany: (from, count) => add(Array.from({ length: count }, (_, at) => addition(from + at))),
    [Symbol.asyncDispose]: async () => queue[Symbol.asyncDispose](),
  };
  return { queue, producer };
}

/** The guard off: Semel's queue by itself, with no store behind it. What the adapter costs over BullMQ. */
export const semelQueueProducer = async (place: Place): Promise<Producer> => (await open(place)).producer;

export const drainSemelQueue: Drain = async (place, load) => {
  const { queue, producer } = await open(place);
  await using _ = producer;
  await fill(producer, load.jobs);
  const { tick, done } = countdown(load.jobs);
  const started = performance.now();
  await queue.consume(lane, { concurrency: load.concurrency, holdMs }, async () => {
    await work(load.workMs);
    tick();
    return { do: "ack" };
  });
  await done;
  // The port does not say when BullMQ has written down the last ones.
  for (;;) {
    const { waiting, running } = await queue.counts(lane);
    if (waiting + running === 0) return performance.now() - started;
  }
};
