import { waitFor } from "@semel/testing";
import { balance, settledAccount } from "../account.ts";
import { exactly, type Figure, told } from "../figure.ts";
import { brief, paidProcessor } from "../paid-job.ts";
import { freshPlace, nameOf, type Place } from "../place.ts";
import { type Run, range, type Setting, sized } from "../run.ts";
import { freshLedger, stage, worker } from "../stage.ts";

/** Where a worker is stopped, and how often its job has its first effect then. */
const stops = [
  { point: "claim:after", effects: 1 },
  { point: "once:effect:before-effect", effects: 2 },
  { point: "once:effect:after-effect", effects: 2 },
  { point: "once:effect:after-record", effects: 1 },
  { point: "settle:before", effects: 1 },
  { point: "settle:after", effects: 1 },
] as const;

/** Points before which the store has heard of the end: nobody takes over from there. */
const isOver = (point: string): boolean => point === "settle:after";

async function paused(setting: Setting, on: Place["on"]): Promise<readonly Figure[]> {
  const name = nameOf[on];
  const place = await freshPlace(setting, on);
  const { semel } = stage(setting, place);
  const rounds = sized(setting, { short: 1, long: 5 });
  const total = { stopped: 0, wrong: 0, lost: 0, changed: 0, keys: 0 };
  const ids: string[] = [];
  // One after the other, each with its own job, so that the sleeper is the one who gets it.
  for (const n of range(rounds * stops.length)) {
    const { point, effects } = stops[n % stops.length] ?? stops[0];
    const ledger = freshLedger(setting);
    const sleeper = worker(setting, { place, ledger: ledger.path, at: { point, hit: 1, signal: "SIGSTOP" } });
    await sleeper.line((line) => line.startsWith("worker.started"));
    const handle = await semel.enqueue(brief, { n });
    ids.push(handle.id);
    await waitFor(() => ledger.entries().some(([what]) => what === "SIGSTOP"), {
      what: `a stop at ${point}`,
      deadlineMs: 60_000,
    });
    const successor = semel.worker({ processors: [paidProcessor(brief, { ledger: ledger.path, by: "successor" })] });
    await handle.result({ timeout: "60s" });
    const before = JSON.stringify(await semel.status(handle.id));
    sleeper.signal("SIGCONT");
    // It learns at its next word to the store that the job is not its own any more.
    if (isOver(point)) await sleeper.line((line) => line.startsWith("attempt.completed"));
    else {
      await sleeper.line((line) => line.startsWith("attempt.lost"));
      total.lost += 1;
    }
    total.stopped += 1;
    total.wrong += ledger.counts("effect").get(n) === effects && ledger.counts("second").get(n) === 1 ? 0 : 1;
    total.changed += JSON.stringify(await semel.status(handle.id)) === before ? 0 : 1;
    total.keys += new Set(ledger.entries().flatMap(([what, , key]) => (what === "effect" ? key : []))).size;
    await successor.close();
    sleeper.signal("SIGTERM");
    await sleeper.ended;
    setting.progress(`${name}: ${total.stopped} of ${rounds * stops.length}`);
  }
  const account = await settledAccount(semel, ids, 30_000);
  return [
    told(
      `${name}: workers stopped for longer than their lease`,
      `${total.stopped}, ${total.lost} of them lost their job`,
    ),
    ...balance(account, `${name}: `),
    exactly(`${name}: repeated otherwise than by a stop between intent and record`, 0, total.wrong),
    exactly(`${name}: writes of the stopped that changed anything`, 0, total.changed),
    exactly(`${name}: charges repeated where the key is honoured`, 0, total.keys - total.stopped),
    exactly(`${name}: attempts burned`, 0, account.burnt),
  ];
}

export const pausesRun: Run = {
  name: "pauses",
  about: "SIGSTOP of a worker for longer than its lease at every failpoint, then SIGCONT",
  async run(setting) {
    return (await Promise.all((["redis", "postgres"] as const).map((on) => paused(setting, on)))).flat();
  },
};
