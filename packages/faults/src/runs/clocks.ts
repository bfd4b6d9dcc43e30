import { waitFor } from "@semel/testing";
import { exactly, type Figure } from "../figure.ts";
import { brief, paidProcessor } from "../paid-job.ts";
import { freshPlace } from "../place.ts";
import type { Run, Setting } from "../run.ts";
import { freshLedger, stage, worker } from "../stage.ts";

async function skewed(setting: Setting, by: "hour-ahead" | "hour-behind"): Promise<readonly Figure[]> {
  const place = await freshPlace(setting, "redis");
  const ledger = freshLedger(setting);
  const { semel } = stage(setting, place);
  const wrong = worker(setting, { place, ledger: ledger.path }, by);
  const unready = await wrong.line((line) => line.startsWith("worker.unready"));
  const now = await semel.enqueue(brief, { n: 1 });
  const soon = await semel.enqueue(brief, { n: 2 }, { delay: "2s" });
  const late = await semel.enqueue(brief, { n: 3 }, { delay: "30m" });
  // It has every chance: it looks again what time it is, and there is work.
  const seenAt = async (): Promise<number> => (await semel.workers())[0]?.seenAt.getTime() ?? 0;
  const before = await seenAt();
  await waitFor(async () => (await seenAt()) > before, { what: "it to look again", deadlineMs: 30_000 });
  const early = ledger.entries().length;
  semel.worker({ processors: [paidProcessor(brief, { ledger: ledger.path, by: "right" })] });
  const done = await Promise.all([now, soon].map(({ result }) => result({ timeout: "60s" })));
  const state = (await semel.status(late.id))?.state;
  const what = by.replace("-", " ");
  return [
    exactly(`${what}: said why it takes no jobs`, 1, unready.includes("CLOCK_SKEW") ? 1 : 0),
    exactly(`${what}: jobs it ran`, 0, early + done.filter(({ by: who }) => who !== "right").length),
    exactly(`${what}: delays that ended early`, 0, state === "delayed" ? 0 : 1),
    exactly(`${what}: effects of two jobs, by a worker with the right time`, 2, ledger.counts("effect").size),
  ];
}

export const clocksRun: Run = {
  name: "clocks",
  about: "workers whose clock is an hour ahead or behind",
  run: async (setting) => (await Promise.all([skewed(setting, "hour-ahead"), skewed(setting, "hour-behind")])).flat(),
};
