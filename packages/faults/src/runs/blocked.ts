import { waitFor } from "@semel/testing";
import { exactly, type Figure, told } from "../figure.ts";
import { brief, paidProcessor } from "../paid-job.ts";
import { freshPlace } from "../place.ts";
import type { Run, Setting } from "../run.ts";
import { freshLedger, stage, worker } from "../stage.ts";

/** Longer than the lease of 1 s and the broker's hold, so that somebody else takes over. */
const busyMs = 15_000;

async function blocked(setting: Setting, where: "before" | "within"): Promise<readonly Figure[]> {
  const place = await freshPlace(setting, "redis");
  const ledger = freshLedger(setting);
  const { semel } = stage(setting, place);
  const handle = await semel.enqueue(brief, { n: 1 });
  const busy = worker(setting, { place, ledger: ledger.path, busy: { where, ms: busyMs } });
  // With its event loop blocked it cannot say that it has begun, but it has written it down.
  await waitFor(() => ledger.counts("busy").has(1), { what: "a worker to compute", deadlineMs: 60_000 });
  setting.progress(`it computes ${where} the step`);
  semel.worker({ processors: [paidProcessor(brief, { ledger: ledger.path, by: "successor" })] });
  const { by } = await handle.result({ timeout: "60s" });
  await busy.line((line) => line.startsWith("attempt.lost"));
  const entries = ledger.entries().filter(([what]) => what === "effect");
  const status = await semel.status(handle.id);
  const what = where === "before" ? "blocked before a step" : "blocked between effect and record";
  return [
    told(`${what}: done by`, by),
    exactly(`${what}: effects`, where === "before" ? 1 : 2, entries.length),
    exactly(`${what}: keys they came with`, 1, new Set(entries.map(([, , key]) => key)).size),
    exactly(`${what}: effects of the next step`, 1, ledger.counts("second").get(1) ?? 0),
    exactly(`${what}: attempts burned`, 0, (status?.attempt ?? 0) - 1),
  ];
}

export const blockedRun: Run = {
  name: "blocked",
  about: "an event loop blocked for longer than the lease, before a step and within one",
  run: async (setting) => (await Promise.all([blocked(setting, "before"), blocked(setting, "within")])).flat(),
};
