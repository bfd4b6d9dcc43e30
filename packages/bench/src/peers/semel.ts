import { createSemel, type Semel, type SemelEvent } from "@semel/core";
import type { Backend } from "@semel/core/adapter";
import { countdown } from "../countdown.ts";
import { chunk, chunkProcessor, chunks, embedChunk } from "../work.ts";
import { type Drain, fill, type Load, type Place, type Producer } from "./peer.ts";

/** Loaded when it is needed: a preset that cannot be loaded fails its own sides only. */
export async function onRedis({ url }: Place): Promise<Backend> {
  const { redis } = await import("@semel/redis");
  // Nothing here has to survive.
  return redis(url, { allowNoPersistence: true });
}

/** Semel as an application has it. */
export interface SemelProducer extends Producer {
  readonly semel: Semel;
}

export async function semelProducer(place: Place, watch?: (event: SemelEvent) => void): Promise<SemelProducer> {
  return producerOn(await onRedis(place), place.name, watch);
}

export async function producerOn(
  backend: Backend,
  name: string,
  watch?: (event: SemelEvent) => void,
): Promise<SemelProducer> {
  const semel = createSemel({ ...backend, namespace: name, logger: false, hooks: watch ? [{ onEvent: watch }] : [] });
  try {
    await semel.ready();
  } catch (error) {
    await semel.close().catch(() => {});
    throw error;
  }
  return {
    semel,
    add: async (index) => void (await semel.enqueue(embedChunk, chunk(name, index))),
    async addMany(from, count) {
      const { refused } = await semel.enqueueMany(embedChunk, chunks(name, from, count));
      if (refused[0]) throw refused[0].error;
    },
    [Symbol.asyncDispose]: () => semel.close(),
  };
}

/** The guard on: queue and store on Redis, a worker as the documentation shows it. */
export const drainSemel: Drain = async (place, load) => drainOn(await onRedis(place), place.name, load, false);

/** The guard on, and the work inside one `once` step. */
export const drainSemelOnce: Drain = async (place, load) => drainOn(await onRedis(place), place.name, load, true);

/** @param steps whether the work is done inside one `once` step */
export async function drainOn(backend: Backend, name: string, load: Load, steps: boolean): Promise<number> {
  const { watch, done } = completions(load.jobs);
  await using producer = await producerOn(backend, name, watch);
  await fill(producer, load.jobs);
  const started = performance.now();
  producer.semel.worker({ processors: [chunkProcessor(load.workMs, steps)], concurrency: load.concurrency });
  return (await done) - started;
}

/** A hook that counts attempts down. An attempt's end is told when store and queue have been told of it. */
export function completions(jobs: number): {
  readonly watch: (event: SemelEvent) => void;
  readonly done: Promise<number>;
} {
  const { tick, fail, done } = countdown(jobs);
  const watch = (event: SemelEvent): void => {
    if (event.name === "attempt.completed") tick();
    else if (event.name === "attempt.failed" || event.name === "attempt.dead" || event.name === "worker.problem")
      fail(new Error(`${event.name}: ${event.error.message}`));
    else if (event.name === "attempt.lost" || event.name === "attempt.aborted") fail(new Error(event.name));
  };
  return { watch, done };
}
