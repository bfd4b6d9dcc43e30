import { balance, settledAccount } from "../account.ts";
import { drawDeaths, enqueued, jobsPerDeath, kill } from "../deaths.ts";
import { effectFigures, effectsIn } from "../effects.ts";
import { exactly, told } from "../figure.ts";
import { brief, paidProcessor } from "../paid-job.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, sized } from "../run.ts";
import { emptied, freshLedger, stage } from "../stage.ts";

const points = [
  "claim:after",
  "once:effect:before-effect",
  "once:effect:after-effect",
  "once:effect:after-record",
  "settle:before",
  "settle:after",
] as const;

const kinds: Readonly<Record<Place["on"], { readonly short: number; readonly long: number }>> = {
  redis: { short: 20, long: 200 },
  postgres: { short: 10, long: 200 },
  // One process at a time has its directory, so each death costs a start.
  embedded: { short: 4, long: 40 },
};

/** Worker processes are killed with -9. */
export const killsRun = (on: Place["on"]): Run => ({
  name: `kills-${on}`,
  about: `kill -9 of worker processes on ${nameOf[on]}, at every failpoint and at random instants`,
  async run(setting) {
    const place = await freshPlace(setting, on);
    const ledger = freshLedger(setting);
    const count = sized(setting, kinds[on]);
    const jobs = count * jobsPerDeath;
    const ids = await enqueued(setting, place, brief, jobs);

    const deaths = drawDeaths(setting, count, points);
    const ended = await kill(setting, { place, ledger: ledger.path }, deaths, on === "embedded" ? 1 : 2);

    setting.progress("the survivors finish");
    const { semel } = stage(setting, place);
    semel.worker({ processors: [paidProcessor(brief, { ledger: ledger.path, by: "survivor" })], concurrency: 20 });
    const account = await settledAccount(semel, ids, 120_000);
    await emptied(semel, 60_000);
    const effects = effectsIn(ledger, range(jobs), ended);
    const second = [...ledger.counts("second").values()].reduce((sum, each) => sum + each, 0);
    const atPoints = ledger.entries().filter(([what]) => what === "SIGKILL").length;
    return [
      told("workers killed", `${count}: ${atPoints} at failpoints, ${count - atPoints} at random instants`),
      ...balance(account),
      exactly("not completed", 0, account.enqueued - account.completed),
      ...effectFigures(effects),
      told("effects of the step after it, repeated", second - ledger.counts("second").size),
      told("crashes counted", account.crashes),
      exactly("attempts burned", 0, account.burnt),
    ];
  },
});
