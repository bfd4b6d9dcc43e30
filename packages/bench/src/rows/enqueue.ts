import { type Figure, figure } from "../figure.ts";
import { interleave, pick, roundsOf } from "../interleave.ts";
import { bullmqProducer } from "../peers/bullmq.ts";
import type { OpenProducer } from "../peers/peer.ts";
import { platformaticProducer } from "../peers/platformatic.ts";
import { semelProducer } from "../peers/semel.ts";
import { semelQueueProducer } from "../peers/semel-queue.ts";
import { type Server, startServer } from "../place.ts";
import { patience, type Row, sized } from "../row.ts";
import { quantile } from "../statistics.ts";

const raw = "raw BullMQ";
const semel = "semel";

const contestants: readonly { readonly name: string; readonly open: OpenProducer }[] = [
  { name: raw, open: bullmqProducer },
  { name: semel, open: semelProducer },
  { name: "semel queue (guard off)", open: semelQueueProducer },
  { name: "@platformatic/job-queue", open: platformaticProducer },
];

/** Enqueues at a time in the concurrent case. */
const concurrency = 200;

interface Sample {
  /** Milliseconds of each of the sequential calls. */
  readonly latencies: readonly number[];
  /** Of the concurrent ones, jobs a second. */
  readonly rate: number;
}

export const enqueueRow: Row = {
  name: "enqueue",
  about: "put jobs in: how long one call takes, and how many a second where 200 are under way",
  profiled: { side: "semel", what: "" },
  async run(bench) {
    await using server = await startServer();
    const calls = sized(bench.form, { short: 300, default: 1_000, full: 3_000 });
    const jobs = sized(bench.form, { short: 2_000, default: 6_000, full: 30_000 });
    const sides = contestants.map(({ name, open }) => ({ name, measure: () => measure(server, open, calls, jobs) }));
    const rounds = sized(bench.form, { short: 3, default: 7, full: 15 });
    const all = await interleave(bench, "one at a time, then 200", sides, {
      rounds,
      patienceMs: patience(bench.form),
      between: server.clear,
    });
    const figures: Figure[] = [];
    for (const share of [0.5, 0.95, 0.99]) {
      for (const one of all) {
        const rounds = pick(one, ({ latencies }) => quantile(latencies, share));
        // A promise to whoever awaits an enqueue, hence an absolute number.
        const target = share === 0.95 && one.name === semel ? { atMost: 5 } : undefined;
        figures.push(
          figure(`sequential p${share * 100}`, one.name, rounds, { unit: "ms", target, problem: one.problem }),
        );
      }
    }
    for (const one of all) {
      const base = { to: raw, rounds: roundsOf(all, raw, ({ rate }) => rate) };
      const target = one.name === semel ? { atLeast: 0.75 } : undefined;
      const against = one.name === raw ? [] : [{ ...base, target }];
      const rates = pick(one, ({ rate }) => rate);
      figures.push(figure("200 concurrent", one.name, rates, { unit: "jobs/s", against, problem: one.problem }));
    }
    return figures;
  },
};

async function measure(server: Server, open: OpenProducer, calls: number, jobs: number): Promise<Sample> {
  await using producer = await open(server.place());
  let next = 0;
  // The first call of a producer finds connections and scripts cold.
  for (let warm = 0; warm < 50; warm += 1) await producer.add(next++);
  const latencies: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    const before = performance.now();
    await producer.add(next++);
    latencies.push(performance.now() - before);
  }
  const end = next + jobs;
  const started = performance.now();
  const line = async (): Promise<void> => {
    while (next < end) await producer.add(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, line));
  return { latencies, rate: jobs / ((performance.now() - started) / 1_000) };
}
