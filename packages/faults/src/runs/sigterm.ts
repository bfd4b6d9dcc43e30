import { waitFor } from "@semel/testing";
import { balance, settledAccount } from "../account.ts";
import { atMost, exactly, type Figure, told } from "../figure.ts";
import { paidProcessor, steady } from "../paid-job.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, type Setting, sized } from "../run.ts";
import { freshLedger, stage, worker } from "../stage.ts";

const graceMs = 2_000;
const jobsEach = 60;

async function terminated(setting: Setting, on: Place["on"]): Promise<readonly Figure[]> {
  const name = nameOf[on];
  const place = await freshPlace(setting, on);
  const ledger = freshLedger(setting);
  const { semel } = stage(setting, place);
  const times = sized(setting, { short: 2, long: 20 });
  const ids: string[] = [];
  const total = { released: 0, finished: 0, notZero: 0, worstMs: 0, complaints: 0 };
  for (const time of range(times)) {
    const some = range(jobsEach).map((n) => ({ n: time * jobsEach + n }));
    ids.push(...(await semel.enqueueMany(steady, some)).accepted.map(({ id }) => id));
    // Every other time its jobs take longer than the grace, so that there is something to give back.
    const slowMs = time % 2 === 0 ? 30_000 : 100;
    const terminated = worker(setting, { place, ledger: ledger.path, concurrency: 10, slowMs });
    const begun = (): boolean => terminated.lines.filter((line) => line.startsWith("attempt.started")).length >= 10;
    await waitFor(begun, { what: "ten jobs to run", deadlineMs: 60_000 });
    const since = performance.now();
    terminated.signal("SIGTERM");
    const code = await terminated.ended;
    total.worstMs = Math.max(total.worstMs, performance.now() - since);
    total.notZero += code === 0 ? 0 : 1;
    total.complaints += terminated.complaints.length;
    total.released += terminated.lines.filter((line) => line.startsWith("attempt.released")).length;
    total.finished += terminated.lines.filter((line) => line.startsWith("attempt.completed")).length;
    setting.progress(`${name}: ${time + 1} of ${times}`);
  }
  semel.worker({ processors: [paidProcessor(steady, { ledger: ledger.path, by: "successor" })], concurrency: 20 });
  const account = await settledAccount(semel, ids, 60_000);
  const effects = ledger.counts("effect");
  return [
    told(
      `${name}: workers terminated under load`,
      `${times}: ${total.finished} jobs finished, ${total.released} given back`,
    ),
    ...balance(account, `${name}: `),
    atMost(`${name}: until the process is gone, the longest`, (graceMs + 2_000) / 1_000, total.worstMs / 1_000, " s"),
    exactly(`${name}: exit codes other than 0`, 0, total.notZero),
    exactly(`${name}: lines on standard error`, 0, total.complaints),
    exactly(`${name}: attempts burned`, 0, account.burnt),
    exactly(`${name}: crashes counted`, 0, account.crashes),
    exactly(
      `${name}: effects not had exactly once`,
      0,
      ids.length - [...effects.values()].filter((count) => count === 1).length,
    ),
  ];
}

export const sigtermRun: Run = {
  name: "sigterm",
  about: "SIGTERM of workers under load, with a grace of 2 s",
  async run(setting) {
    return (await Promise.all((["redis", "postgres"] as const).map((on) => terminated(setting, on)))).flat();
  },
};
