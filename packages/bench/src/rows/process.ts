import { type Figure, figure, type Target } from "../figure.ts";
import { interleave, type Measured, pick, roundsOf, type Side } from "../interleave.ts";
import { drainBullmq, drainSetNx } from "../peers/bullmq.ts";
import type { Drain, Load } from "../peers/peer.ts";
import { drainPlatformatic } from "../peers/platformatic.ts";
import { drainSemel, drainSemelOnce } from "../peers/semel.ts";
import { drainSemelQueue } from "../peers/semel-queue.ts";
import { type Server, startServer } from "../place.ts";
import { type Bench, patience, type Row, sized } from "../row.ts";

const raw = "raw BullMQ";
const setNx = "BullMQ + SET NX";

/** The least that each way of using Semel does of what its peer does. */
export const floors: { readonly guardOff: number; readonly guardOn: number; readonly guardOverSetNx: number } = {
  guardOff: 0.95,
  guardOn: 0.65,
  guardOverSetNx: 1,
};

interface Contestant {
  readonly name: string;
  readonly drain: Drain;
  /** With whom to compare, and how it has to come out. */
  readonly against: readonly { readonly to: string; readonly target?: Target }[];
}

const contestants: readonly Contestant[] = [
  { name: raw, drain: drainBullmq, against: [] },
  {
    name: "semel queue (guard off)",
    drain: drainSemelQueue,
    against: [{ to: raw, target: { atLeast: floors.guardOff } }],
  },
  {
    name: "semel (guard on)",
    drain: drainSemel,
    against: [
      { to: raw, target: { atLeast: floors.guardOn } },
      { to: setNx, target: { atLeast: floors.guardOverSetNx } },
    ],
  },
  { name: "semel (guard, one once)", drain: drainSemelOnce, against: [{ to: raw }] },
  { name: setNx, drain: drainSetNx, against: [{ to: raw }] },
  { name: "@platformatic/job-queue", drain: drainPlatformatic, against: [{ to: raw }] },
];

/** One case, with how many jobs last some tenths of a second. */
interface Case {
  readonly what: string;
  readonly load: Load;
}

const jobsAt: Readonly<Record<number, readonly [noop: number, waiting: number]>> = {
  1: [500, 200],
  10: [1_500, 1_500],
  50: [3_000, 3_000],
  200: [4_000, 4_000],
};

function casesOf(concurrencies: readonly number[], jobs: number): readonly Case[] {
  return [0, 1].flatMap((workMs) =>
    concurrencies.map((concurrency) => ({
      what: `${workMs === 0 ? "no-op" : "1 ms"}, c = ${concurrency}`,
      load: { concurrency, workMs, jobs: Math.round((jobsAt[concurrency]?.[workMs] ?? 1_000) * jobs) },
    })),
  );
}

/** Jobs a second, from the start of the worker until the last of the waiting jobs is done. */
export const processRow: Row = {
  name: "process",
  about: "work off waiting jobs: what the queue costs, and what the guard costs, at several concurrencies",
  profiled: { side: "semel (guard on)", what: "no-op, c = 50" },
  async run(bench) {
    await using server = await startServer();
    const concurrencies = sized(bench.form, { short: [1, 50], default: [1, 10, 50, 200] });
    const cases = casesOf(concurrencies, sized(bench.form, { short: 0.35, default: 1, full: 4 }));
    const figures: Figure[] = [];
    for (const one of cases) {
      if (bench.cases !== undefined && !one.what.includes(bench.cases)) continue;
      figures.push(...figuresOf(one, await measured(bench, server, one)));
    }
    return figures;
  },
};

async function measured(bench: Bench, server: Server, { what, load }: Case): Promise<readonly Measured<number>[]> {
  const sides = contestants.map(
    ({ name, drain }): Side<number> => ({
      name,
      measure: async () => load.jobs / ((await drain(server.place(), load)) / 1_000),
    }),
  );
  const rounds = sized(bench.form, { short: 3, default: 5, full: 9 });
  return interleave(bench, what, sides, { rounds, patienceMs: patience(bench.form), between: server.clear });
}

function figuresOf({ what }: Case, all: readonly Measured<number>[]): readonly Figure[] {
  return all.map((one) => {
    const wanted = contestants.find(({ name }) => name === one.name)?.against ?? [];
    const against = wanted.map(({ to, target }) => ({ to, target, rounds: roundsOf(all, to, (rate) => rate) }));
    return figure(
      what,
      one.name,
      pick(one, (rate) => rate),
      { unit: "jobs/s", against, problem: one.problem },
    );
  });
}
