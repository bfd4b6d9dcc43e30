import {
  type Addition,
  type Delivery,
  type Disposition,
  type Host,
  type Queue,
  systemClock,
} from "@semel/core/adapter";
import { onTestFinished } from "vitest";
import { bullmqQueue, type RedisOptions } from "../src/index.ts";

export const ack: Disposition = { do: "ack" };

let namespaces = 0;

export interface Opened {
  readonly queue: Queue;
  readonly namespace: string;
  readonly reports: string[];
  readonly warnings: readonly string[];
}

/** A started queue in a namespace of its own, unless one is named. Disposed of with the test. */
export async function open(options: RedisOptions, namespace = `t${process.pid}-${++namespaces}`): Promise<Opened> {
  const reports: string[] = [];
  const host: Host = { namespace, clock: systemClock, report: ({ text }) => reports.push(text) };
  const queue = bullmqQueue(options);
  onTestFinished(() => queue[Symbol.asyncDispose]());
  const { warnings } = await queue.start(host);
  return { queue, namespace, reports, warnings };
}

export const job = (id: number | string, over: Partial<Addition> = {}): Addition => {
  return { id: `key.${id}x`, lane: "lane", type: "type", envelope: `{"id":"${id}"}`, delayMs: 0, ...over };
};
export const jobs = (count: number): Addition[] => Array.from({ length: count }, (_, index) => job(index));

/** Takes what comes and acknowledges it; answers what came. */
export async function taking(queue: Queue, concurrency = 5, holdMs = 10_000, lane = "lane"): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  await queue.consume(lane, { concurrency, holdMs }, async (delivery) => {
    taken.push(delivery);
    return ack;
  });
  return taken;
}

/** Lets real time pass: for outages that are to be long. */
export const pass = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.timer(ms, resolve));
