import type { Run } from "./run.ts";
import { blockedRun } from "./runs/blocked.ts";
import { clocksRun } from "./runs/clocks.ts";
import { connectionsRun } from "./runs/connections.ts";
import { duplicatesRun } from "./runs/duplicates.ts";
import { killsRun } from "./runs/kills.ts";
import { memoryRun } from "./runs/memory.ts";
import { postgresOutageRun, redisOutageRun } from "./runs/outages.ts";
import { pausesRun } from "./runs/pauses.ts";
import { poisonRun } from "./runs/poison.ts";
import { refusalsRun } from "./runs/refusals.ts";
import { resultsRun } from "./runs/results.ts";
import { sigtermRun } from "./runs/sigterm.ts";
import { simulationRuns } from "./runs/simulations.ts";
import { transactionsRun } from "./runs/transactions.ts";
import { versionsRun } from "./runs/versions.ts";

/** Every run, the longest first: together they are over sooner so. */
export const runs: readonly Run[] = [
  killsRun("embedded"),
  poisonRun,
  pausesRun,
  killsRun("redis"),
  killsRun("postgres"),
  transactionsRun,
  connectionsRun,
  ...simulationRuns,
  blockedRun,
  duplicatesRun,
  versionsRun,
  sigtermRun,
  postgresOutageRun,
  redisOutageRun,
  refusalsRun,
  clocksRun,
  resultsRun,
  memoryRun,
];
