import { waitFor } from "@semel/testing";
import { balance, settledAccount } from "../account.ts";
import { effectFigures, effectsIn } from "../effects.ts";
import { exactly, told } from "../figure.ts";
import { brief, paidProcessor } from "../paid-job.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, type Setting, sized } from "../run.ts";
import { emptied, freshLedger, stage, worker } from "../stage.ts";

const points = [
  "claim:after",
  "once:effect:before-effect",
  "once:effect:after-effect",
  "once:effect:after-record",
  "settle:before",
  "settle:after",
] as const;

/** Workers alive at a time. */
const slots = 2;
const jobsPerKill = 8;

/** How a worker ends: by itself at a point, or whenever it is hit from outside. */
type Death = { readonly point: (typeof points)[number]; readonly hit: number } | { readonly afterMs: number };

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
    const jobs = count * jobsPerKill;
    const ids = await enqueued(setting, place, jobs);

    const deaths = drawDeaths(setting, count);
    const ended = new Set<string>();
    let done = 0;
    const slot = async (): Promise<void> => {
      for (let death = deaths.shift(); death; death = deaths.shift()) {
        ended.add(await die(setting, { place, ledger: ledger.path }, death));
        setting.progress(`${++done} of ${count} killed`);
      }
    };
    await Promise.all(Array.from({ length: on === "embedded" ? 1 : slots }, slot));

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

/** Enqueued by somebody who lets go of the place again: others shall have it. */
async function enqueued(setting: Setting, place: Place, jobs: number): Promise<readonly string[]> {
  const resources = new AsyncDisposableStack();
  try {
    const { semel } = stage({ ...setting, resources }, place);
    const ids: string[] = [];
    for (let from = 0; from < jobs; from += 500) {
      const some = range(Math.min(500, jobs - from)).map((n) => ({ n: from + n }));
      ids.push(...(await semel.enqueueMany(brief, some)).accepted.map(({ id }) => id));
    }
    return ids;
  } finally {
    await resources.disposeAsync();
  }
}

/** Two in three at points, every point as often as the others; which comes when is chance. */
function drawDeaths({ chance }: Setting, count: number): Death[] {
  const deaths = range(count).map((kill): Death => {
    if (kill % 3 === 2) return { afterMs: chance.between(0, 400) };
    const at = Math.floor(kill / 3) * 2 + (kill % 3);
    return { point: points[at % points.length] ?? "claim:after", hit: chance.between(1, 3) };
  });
  return chance.shuffled(deaths);
}

/** @returns who it was. */
async function die(
  setting: Setting,
  where: { readonly place: Place; readonly ledger: string },
  death: Death,
): Promise<string> {
  if ("point" in death) {
    const dying = worker(setting, { ...where, at: { ...death, signal: "SIGKILL" } });
    const code = await dying.ended;
    if (code !== null) throw new Error(`a worker ended by itself with ${code}:\n${dying.complaints.join("\n")}`);
    return String(dying.pid);
  }
  const dying = worker(setting, { ...where, concurrency: 5, slowMs: 20, answerMs: 20 });
  await waitFor(() => dying.lines.some((line) => line.startsWith("attempt.started")), {
    what: "a worker to begin",
    deadlineMs: 60_000,
  });
  await new Promise((resolve) => setTimeout(resolve, death.afterMs));
  dying.signal("SIGKILL");
  await dying.ended;
  return String(dying.pid);
}
