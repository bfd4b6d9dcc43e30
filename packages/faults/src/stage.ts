import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSemel, type EventName, type Semel, type SemelEvent } from "@semel/core";
import { createLedger, type Ledger } from "@semel/repo-tools/ledger";
import { type WitnessedProcess, witnessedProcess } from "@semel/repo-tools/witnessed-process";
import { waitFor } from "@semel/testing";
import type { WorkSettings } from "./children/work.ts";
import { backendAt, type Place } from "./place.ts";
import type { Setting } from "./run.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A Semel that remembers its events. */
export interface Stage {
  readonly semel: Semel;
  named<N extends EventName>(name: N): Extract<SemelEvent, { name: N }>[];
}

/** It is closed with the run. */
export function stage({ resources }: Setting, place: Place): Stage {
  const events: SemelEvent[] = [];
  const semel = createSemel({
    ...backendAt(place),
    logger: false,
    hooks: [{ onEvent: (event) => void events.push(event) }],
  });
  resources.defer(() => semel.close({ deadline: "1s" }));
  return {
    semel,
    named: <N extends EventName>(name: N) =>
      events.filter((event): event is Extract<SemelEvent, { name: N }> => event.name === name),
  };
}

export function freshLedger({ resources }: Setting): Ledger {
  const ledger = createLedger();
  resources.defer(ledger.remove);
  return ledger;
}

/** Nobody outlives this process, however it ends. */
const alive = new Set<WitnessedProcess>();
process.once("exit", () => {
  for (const one of alive) one.signal("SIGKILL");
});

/** What the first process has compiled the others need not: most of what it takes to start one. */
let compiled: string | undefined;

/** A worker in a process of its own, killed with the run at the latest. */
export function worker(
  { resources }: Setting,
  settings: WorkSettings,
  preload?: "hour-ahead" | "hour-behind",
): WitnessedProcess {
  if (compiled === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "semel-compiled-"));
    compiled = folder;
    process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  }
  const imports = preload === undefined ? [] : ["--import", at(`children/${preload}.mjs`)];
  const args = [...process.execArgv, ...imports, at("children/work.ts"), JSON.stringify(settings)];
  const started = witnessedProcess(args, { NODE_COMPILE_CACHE: compiled });
  alive.add(started);
  void started.ended.then(() => alive.delete(started));
  resources.defer(async () => {
    started.signal("SIGKILL");
    await started.ended;
  });
  return started;
}

/** Nothing waits or runs any more, as far as the queue knows. */
export async function isEmpty(semel: Semel): Promise<boolean> {
  const counts = await semel.counts();
  return counts.every(({ pending, delayed, running }) => pending + delayed + running === 0);
}

export const emptied = (semel: Semel, deadlineMs: number): Promise<unknown> =>
  waitFor(() => isEmpty(semel), { what: "the last deliveries", deadlineMs });
