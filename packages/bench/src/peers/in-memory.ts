import { type Addition, type Disposition, systemClock } from "@semel/core/adapter";
import { MemoryQueue, memory } from "@semel/core/memory";
import { promise as fastqPromise } from "fastq";
import PQueue from "p-queue";
import { countdown } from "../countdown.ts";
import { type Chunk, chunkProcessor, chunkSchema, chunks, result, resultSchema, work } from "../work.ts";
import { fill } from "./peer.ts";
import { completions, producerOn } from "./semel.ts";

/** Jobs at a time. */
export const concurrency = 50;
/** Jobs that are let in together where there is no call that takes many. */
const burst = 500;

/** Milliseconds from the first enqueue until the last job is done; a worker stands ready from the start. */
export type Through = (jobs: number) => Promise<number>;

/** All of Semel: validated, hashed, reserved, claimed, settled, the result on record. */
export const throughSemel: Through = async (jobs) => {
  const { watch, done } = completions(jobs);
  await using producer = await producerOn(memory(), "bench-000", watch);
  producer.semel.worker({ processors: [chunkProcessor(0, false)], concurrency });
  const started = performance.now();
  await fill(producer, jobs);
  return (await done) - started;
};

/** The queue of `memory()` by itself: deliveries, and no store behind them. */
export const throughMemoryQueue: Through = async (jobs) => {
  const { tick, done } = countdown(jobs);
  const queue = new MemoryQueue();
  await queue.start({ namespace: "bench-000", clock: systemClock, report: () => {} });
  const acknowledge: Disposition = { do: "ack" };
  const consumer = await queue.consume("embed-chunk", { concurrency, holdMs: 30_500 }, async () => {
    await work(0);
    tick();
    return acknowledge;
  });
  const started = performance.now();
  await inBursts(jobs, (payloads, from) =>
    queue.add(payloads.map((payload, at) => addition(from + at, JSON.stringify(payload)))),
  );
  const ended = await done;
  await consumer[Symbol.asyncDispose]();
  return ended - started;
};

/** What those who want no more than a line and checked types put together. */
export const throughPQueue: Through = async (jobs) => {
  const { tick, fail, done } = countdown(jobs);
  const queue = new PQueue({ concurrency });
  const run = async (payload: Chunk): Promise<void> => {
    chunkSchema.parse(payload);
    await work(0);
    resultSchema.parse(result);
    tick();
  };
  const started = performance.now();
  await inBursts(jobs, (payloads) => {
    for (const payload of payloads) queue.add(() => run(payload)).catch(fail);
  });
  return (await done) - started;
};

/** A line and nothing else. */
export const throughFastq: Through = async (jobs) => {
  const { tick, fail, done } = countdown(jobs);
  const queue = fastqPromise<unknown, Chunk>(async () => {
    await work(0);
    tick();
  }, concurrency);
  const started = performance.now();
  await inBursts(jobs, (payloads) => {
    for (const payload of payloads) queue.push(payload).catch(fail);
  });
  return (await done) - started;
};

/** Lets the worker have a turn between bursts. */
async function inBursts(jobs: number, add: (payloads: readonly Chunk[], from: number) => unknown): Promise<void> {
  for (let from = 0; from < jobs; from += burst) {
    await add(chunks("bench-000", from, Math.min(burst, jobs - from)), from);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const addition = (index: number, envelope: string): Addition => ({
  id: `job-${index}`,
  lane: "embed-chunk",
  type: "embed-chunk",
  envelope,
  delayMs: 0,
});
