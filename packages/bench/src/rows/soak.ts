import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SemelEvent } from "@semel/core";
import { withCrashes } from "../crash.ts";
import { type Figure, single } from "../figure.ts";
import { problemOf } from "../interleave.ts";
import { semelProducer } from "../peers/semel.ts";
import { type Server, startServer } from "../place.ts";
import { type Bench, type Row, sized } from "../row.ts";
import { chunkProcessor } from "../work.ts";

const semel = "semel";
/** Jobs that may wait or run while more are enqueued. */
const ahead = 4_000;
const burst = 500;
const concurrency = 50;
/** What a closed Semel may leave in Redis for good: what it knows of its lanes, not of its jobs. */
const keysForGood = 10;
/** Handles that are closed may take this long to be gone. */
const goneWithinMs = 5_000;

/** After one of these a job is not done, or not on its first attempt. */
const failures: ReadonlySet<string> = new Set([
  "attempt.failed",
  "attempt.dead",
  "attempt.lost",
  "attempt.aborted",
  "worker.problem",
]);

/** What piles up where something leaks. */
interface Held {
  /** In Redis, without an expiry. */
  readonly keys: number;
  readonly timers: number;
  readonly sockets: number;
  /** On `process`. */
  readonly listeners: number;
}

/** What the process needs, garbage collected. Megabytes. */
interface Memory {
  readonly rss: number;
  readonly heap: number;
}

interface Course {
  /** How many were enqueued and done. */
  readonly jobs: number;
  readonly atTenth: Memory;
  readonly atEnd: Memory;
  /** Jobs a second. */
  readonly rate: number;
  readonly before: Held;
  readonly after: Held;
}

/** Whether anything piles up. */
export const soakRow: Row = {
  name: "soak",
  about: "very many jobs through one worker: memory does not grow, and nothing is left when it is closed",
  profiled: { side: "semel", what: "" },
  async run(bench) {
    const jobs = sized(bench.form, { short: 30_000, default: 300_000, full: 1_000_000 });
    const patienceMs = sized(bench.form, { short: 20_000, default: 75_000, full: Number.POSITIVE_INFINITY });
    await using server = await startServer();
    bench.progress.begin(`${count(jobs)} jobs, c = ${concurrency}`);
    try {
      return figuresOf(bench, await withCrashes(() => course(bench, server, jobs, patienceMs)));
    } catch (error) {
      const problem = problemOf(error);
      bench.progress.note(`failed: ${problem}`);
      return [single(`${count(jobs)} jobs`, semel, Number.NaN, { unit: "", target: { atMost: 0 }, problem })];
    }
  },
};

/** Ends early, with fewer jobs, when the patience is over. */
async function course(bench: Bench, server: Server, planned: number, patienceMs: number): Promise<Course> {
  const before = await held(server);
  const started = performance.now();
  let finished = 0;
  let problem: unknown;
  let wake = (): void => {};
  const woken = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const watch = (event: SemelEvent): void => {
    if (event.name === "attempt.completed") finished += 1;
    else if (failures.has(event.name)) problem ??= new Error(event.name);
    if (problem !== undefined || finished % burst === 0) wake();
  };
  let jobs = 0;
  let atTenth: Memory | undefined;
  let atEnd: Memory;
  {
    await using producer = await semelProducer(server.place(), watch);
    producer.semel.worker({ processors: [chunkProcessor(0, false)], concurrency });
    const roomFor = async (waiting: number): Promise<void> => {
      while (problem === undefined && jobs - finished > waiting) await woken();
      if (problem !== undefined) throw problem;
    };
    while (jobs < planned && performance.now() - started < patienceMs) {
      await producer.addMany(jobs, burst);
      jobs += burst;
      await roomFor(ahead);
      if (jobs >= planned / 10) atTenth ??= await memoryNow();
      bench.progress.at(`${count(jobs)} in`);
    }
    await roomFor(0);
    atEnd = await memoryNow();
  }
  const rate = jobs / ((performance.now() - started) / 1_000);
  if (!atTenth) throw new Error(`not even a tenth of ${count(planned)} jobs in ${patienceMs / 1_000} s`);
  return { jobs, rate, atTenth, atEnd, before, after: await heldAtLast(server, before) };
}

function figuresOf({ form }: Bench, { jobs, rate, atTenth, atEnd, before, after }: Course): readonly Figure[] {
  const what = `${count(jobs)} jobs, c = ${concurrency}`;
  // In so few jobs as the short form's, what the engine sets up for itself weighs more than they do.
  const target = form === "short" ? undefined : { atMost: 1.1 };
  const grown = (kind: keyof Memory, name: string): readonly Figure[] => {
    const to = `${name} at a tenth`;
    const against = [{ to, rounds: new Map([[1, atTenth[kind]]]), target }];
    return [
      single(what, to, atTenth[kind], { unit: "MB" }),
      single(what, `${name} at the end`, atEnd[kind], { unit: "MB", against }),
    ];
  };
  const left = (kind: keyof Held, atMost: number): Figure =>
    single(what, `${kind} left`, after[kind] - before[kind], { unit: "", target: { atMost } });
  return [
    single(what, "enqueued and done", rate, { unit: "jobs/s" }),
    ...grown("rss", "memory (RSS)"),
    ...grown("heap", "heap in use"),
    left("keys", keysForGood),
    left("timers", 0),
    left("sockets", 0),
    left("listeners", 0),
  ];
}

const count = (jobs: number): string => jobs.toLocaleString("en-US");

async function held({ redis }: Server): Promise<Held> {
  const resources = process.getActiveResourcesInfo();
  const keyspace = /^db0:keys=(\d+),expires=(\d+)/m.exec(await redis.info("keyspace"));
  return {
    keys: Number(keyspace?.[1] ?? 0) - Number(keyspace?.[2] ?? 0),
    timers: resources.filter((resource) => resource === "Timeout").length,
    sockets: resources.filter((resource) => resource === "TCPSocketWrap").length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

/** Waits a while for what is being closed. */
async function heldAtLast(server: Server, before: Held): Promise<Held> {
  const until = performance.now() + goneWithinMs;
  for (;;) {
    const now = await held(server);
    const isGone = now.timers <= before.timers && now.sockets <= before.sockets;
    if (isGone || performance.now() > until) return now;
    await sleep(50);
  }
}

async function memoryNow(): Promise<Memory> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 1e6, heap: heapUsed / 1e6 };
}
