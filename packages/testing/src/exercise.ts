import type { AnyJob, InputOf, Processor } from "@semel/core";
import { createTestKit } from "./kit.ts";
import { seededRandom } from "./seeded.ts";

export interface ExerciseOptions<J extends AnyJob> {
  readonly payload: InputOf<J>;
  /** For jobs with `tenant: "required"`. */
  readonly tenant?: string | undefined;
  /** How many schedules. Default: 100. */
  readonly seeds?: number | undefined;
  /** The first seed; give a seed of a report to see its schedule again. Default: 1. */
  readonly firstSeed?: number | undefined;
  /** How many effects there are in the outside world by now: charges made, rows written. Only differences count. */
  readonly effects: () => number;
  /** Effects of one undisturbed run. Default: 1. */
  readonly expected?: number | undefined;
}

export interface ExerciseReport {
  readonly seeds: number;
  readonly completed: number;
  readonly dead: number;
  /** Worker deaths that were played. */
  readonly crashes: number;
  /** Effects beyond the expected ones. */
  readonly repeated: number;
  /** Seeds that repeated an effect. */
  readonly repeatedIn: readonly number[];
}

/** Each point of an attempt is a place to die at. */
const crashChance = 0.15;
const mostCrashes = 3;

/**
 * Runs one job through many random schedules of worker deaths and duplicate enqueues, each on a fresh Semel in memory, and
 * counts what happened outside. A processor whose effects carry the step's key repeats none.
 */
export async function exercise<J extends AnyJob>(
  processor: Processor<J>,
  options: ExerciseOptions<J>,
): Promise<ExerciseReport> {
  const { seeds = 100, firstSeed = 1, expected = 1, effects, payload, tenant } = options;
  const report = { seeds, completed: 0, dead: 0, crashes: 0, repeated: 0, repeatedIn: [] as number[] };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const random = seededRandom(seed);
    let crashes = 0;
    const kit = createTestKit({
      processors: [processor],
      seed,
      crashIf: () => crashes < mostCrashes && random() < crashChance && ++crashes > 0,
    });
    const before = effects();
    const scope = tenant === undefined ? kit.semel : kit.semel.forTenant(tenant);
    const enqueue = (): Promise<{ id: string }> =>
      (scope.enqueue as (job: AnyJob, payload: unknown) => Promise<{ id: string }>)(processor.job, payload);
    const { id } = await enqueue();
    for (let round = 0; round < 60; round++) {
      if (random() < 0.3) await enqueue();
      await kit.advance("31s");
      const state = (await kit.semel.status(id))?.state;
      if (state === "completed" || state === "dead" || state === "cancelled") break;
    }
    const state = (await kit.semel.status(id))?.state;
    await kit.close();
    if (state === "completed") report.completed++;
    if (state === "dead") report.dead++;
    report.crashes += crashes;
    const repeated = Math.max(0, effects() - before - expected);
    report.repeated += repeated;
    if (repeated > 0) report.repeatedIn.push(seed);
  }
  return report;
}
