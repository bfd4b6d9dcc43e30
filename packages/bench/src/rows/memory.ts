import { figure } from "../figure.ts";
import { interleave, pick, roundsOf } from "../interleave.ts";
import {
  concurrency,
  type Through,
  throughFastq,
  throughMemoryQueue,
  throughPQueue,
  throughSemel,
} from "../peers/in-memory.ts";
import { patience, type Row, sized } from "../row.ts";

const semel = "semel";
const contestants: readonly { readonly name: string; readonly through: Through }[] = [
  { name: semel, through: throughSemel },
  { name: "semel queue (guard off)", through: throughMemoryQueue },
  { name: "p-queue + zod", through: throughPQueue },
  { name: "fastq", through: throughFastq },
];

/** Jobs a second in this process's memory. */
export const memoryRow: Row = {
  name: "memory",
  about: "jobs in this process's memory: Semel's memory() beside queues that know of no outcomes",
  profiled: { side: "semel", what: "" },
  async run(bench) {
    const jobs = sized(bench.form, { short: 5_000, default: 30_000, full: 300_000 });
    const sides = contestants.map(({ name, through }) => ({
      name,
      measure: async () => jobs / ((await through(jobs)) / 1_000),
    }));
    const rounds = sized(bench.form, { short: 3, default: 5, full: 9 });
    const what = `enqueue and work, c = ${concurrency}`;
    const all = await interleave(bench, what, sides, { rounds, patienceMs: patience(bench.form) });
    return all.map((one) => {
      const others = one.name === semel ? contestants.filter(({ name }) => name !== semel) : [];
      const against = others.map(({ name }) => ({ to: name, rounds: roundsOf(all, name, (rate) => rate) }));
      const target = one.name === semel ? { atLeast: 100_000 } : undefined;
      const rates = pick(one, (rate) => rate);
      return figure(what, one.name, rates, { unit: "jobs/s", target, against, problem: one.problem });
    });
  },
};
