import { withCrashes } from "../crash.ts";
import { type Figure, figure } from "../figure.ts";
import { interleave, type Measured, problemOf, roundsOf, type Side } from "../interleave.ts";
import { type Backlog, bullmqBacklog, semelBacklog } from "../peers/backlog.ts";
import type { Place } from "../peers/peer.ts";
import { infoNumber, type Server, startServer } from "../place.ts";
import { type Bench, chosen, patience, type Row, sized } from "../row.ts";
import { median } from "../statistics.ts";

const raw = "raw BullMQ";
const semel = "semel";
const contestants: readonly { readonly name: string; readonly open: (place: Place) => Promise<Backlog> }[] = [
  { name: raw, open: bullmqBacklog },
  { name: semel, open: semelBacklog },
];

const questions = ["enqueue", "status", "counts"] as const;
const calls = 40;
/** Where a call takes so long that there is no time for all of them. Milliseconds. */
const callsPatienceMs = 100;
const fewestCalls = 3;
/** Milliseconds, each the median of some calls. */
type Sample = Readonly<Record<(typeof questions)[number], number>>;

/** What one side holds at one size. */
interface Filled {
  /** Whose it is, and how many there are. */
  readonly name: string;
  readonly side: string;
  /** How many were wanted; where that takes too long there are fewer. */
  readonly wanted: number;
  readonly backlog: Backlog | undefined;
  readonly bytesEach: number;
  readonly problem: string | undefined;
}

/** Flat: as fast beside the largest backlog as beside none, but for noise. */
const flat = { atMost: 1.2 } as const;
const bytes = { atMost: 1.3 } as const;

/** How long one filling may take. Milliseconds. */
const fillPatience = { short: 15_000, default: 60_000, full: Number.POSITIVE_INFINITY } as const;

const nameOf = (side: string, size: number): string => `${side}, ${size.toLocaleString("en-US")} waiting`;

/** Whether anything gets slower, or a job larger, the more jobs wait. */
export const backlogRow: Row = {
  name: "backlog",
  about: "enqueue, status, counts and first fetch beside waiting jobs; what a waiting job takes up in Redis",
  profiled: { side: "semel", what: "" },
  async run(bench) {
    const sizes = sized(bench.form, { short: [0, 20_000, 100_000], default: [0, 100_000, 1_000_000] });
    await using stack = new AsyncDisposableStack();
    const filled: Filled[] = [];
    for (const size of sizes) {
      // A server for each size, all there at once: what is compared is then measured in the same moments.
      const server = stack.use(await startServer());
      for (const { name, open } of chosen(contestants, bench.only))
        filled.push(await fillOne(bench, stack, server, name, size, open));
    }
    const sidesOf = <T>(measure: (backlog: Backlog) => Promise<T>): Side<T>[] =>
      filled.flatMap(({ name, backlog }) => (backlog ? [{ name, measure: () => measure(backlog) }] : []));
    const everyone: Bench = { ...bench, only: undefined };
    // Few calls and many rounds: what is compared is measured within tenths of a second.
    const asked = await interleave(everyone, "asking", sidesOf(ask), {
      rounds: sized(bench.form, { short: 11, default: 25, full: 51 }),
      patienceMs: patience(bench.form),
    });
    const fetched = await interleave(
      everyone,
      "fetching",
      sidesOf((backlog) => backlog.fetch()),
      { rounds: sized(bench.form, { short: 5, default: 11, full: 21 }), patienceMs: patience(bench.form) },
    );
    return [
      ...questions.flatMap((question) => timings(question, filled, asked, (sample) => sample[question])),
      ...timings("first fetch", filled, fetched, (ms) => ms),
      ...sizesOf(filled),
    ];
  },
};

async function fillOne(
  bench: Bench,
  stack: AsyncDisposableStack,
  server: Server,
  side: string,
  wanted: number,
  open: (place: Place) => Promise<Backlog>,
): Promise<Filled> {
  bench.progress.begin(`filling: ${nameOf(side, wanted)}`);
  const started = performance.now();
  const more = (added: number): boolean => {
    bench.progress.at(added.toLocaleString("en-US"));
    return performance.now() - started < sized(bench.form, fillPatience);
  };
  try {
    const backlog = stack.use(await open(server.place()));
    const before = await infoNumber(server.redis, "memory", "used_memory");
    const added = await withCrashes(() => backlog.fill(wanted, more));
    const after = await infoNumber(server.redis, "memory", "used_memory");
    const bytesEach = (after - before) / added;
    return { name: nameOf(side, added), side, wanted, backlog, bytesEach, problem: undefined };
  } catch (error) {
    const problem = problemOf(error);
    const name = nameOf(side, wanted);
    bench.progress.note(`filling: ${name} failed: ${problem}`);
    return { name, side, wanted, backlog: undefined, bytesEach: Number.NaN, problem };
  }
}

async function ask(backlog: Backlog): Promise<Sample> {
  return {
    enqueue: await timed(() => backlog.enqueue()),
    status: await timed(() => backlog.status()),
    counts: await timed(() => backlog.counts()),
  };
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const started = performance.now();
  for (let at = 0; at < calls; at += 1) {
    const before = performance.now();
    if (at >= fewestCalls && before - started > callsPatienceMs) break;
    await call();
    times.push(performance.now() - before);
  }
  return median(times);
}

function timings<T>(
  what: string,
  filled: readonly Filled[],
  all: readonly Measured<T>[],
  number: (value: T) => number,
): Figure[] {
  return filled.map(({ name, side, wanted, problem }) => {
    // The first of a side is the one beside which nothing waits.
    const to = filled.find((one) => one.side === side)?.name ?? "";
    const target = side === semel ? flat : undefined;
    const against = wanted === 0 ? [] : [{ to, target, rounds: roundsOf(all, to, number) }];
    const failed = problem ?? all.find((one) => one.name === name)?.problem;
    return figure(what, name, roundsOf(all, name, number), { unit: "ms", against, problem: failed });
  });
}

function sizesOf(filled: readonly Filled[]): Figure[] {
  const bytesOf = (one: Filled | undefined): ReadonlyMap<number, number> =>
    new Map(one?.backlog ? [[1, one.bytesEach]] : []);
  return filled
    .filter(({ wanted }) => wanted > 0)
    .map((one) => {
      const base = filled.find(({ side, wanted }) => side === raw && wanted === one.wanted);
      const against = one.side === raw ? [] : [{ to: base?.name ?? raw, target: bytes, rounds: bytesOf(base) }];
      return figure("bytes a job", one.name, bytesOf(one), { unit: "bytes", against, problem: one.problem });
    });
}
