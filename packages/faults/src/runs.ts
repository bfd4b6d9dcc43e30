import type { Run } from "./run.ts";
import { killsRun } from "./runs/kills.ts";

/** Every run, the longest first: together they are over sooner so. */
export const runs: readonly Run[] = [killsRun("redis"), killsRun("postgres"), killsRun("embedded")];
