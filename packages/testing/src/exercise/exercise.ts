import { type AnyJob, type AnyProcessor, type InputOf, OptionInvalidError, type Processor } from "@semel/core";
import type { EffectLedger } from "./effect-ledger.ts";
import { type Judgement, judge } from "./judgement.ts";
import { type Run, runOnce, type Subject } from "./run.ts";
import { drawSchedule, type Schedule, shrink } from "./schedule.ts";

export interface ExerciseOptions<J extends AnyJob> {
  readonly payload: InputOf<J>;
  /** For jobs with `tenant: "required"`. */
  readonly tenant?: string | undefined;
  /**
   * What happens in the outside world: an `effectLedger()` that your fakes write into; or a function that says how many
   * effects there are by now, of which only differences count.
   */
  readonly effects: EffectLedger | (() => number);
  /** How many schedules. Default: 100. */
  readonly seeds?: number | undefined;
  /** The first of them. Default: 1. */
  readonly firstSeed?: number | undefined;
  /** This one only: to see the schedule of a report again. */
  readonly seed?: number | undefined;
  /** Called before each run: makes fakes fresh. */
  readonly setUp?: (() => unknown) | undefined;
  /** Processors of jobs that this one enqueues. */
  readonly alongside?: readonly AnyProcessor[] | undefined;
}

/** A schedule under which something is wrong with the processor. */
export interface ExerciseProblem {
  readonly seed: number;
  /** What is wrong. */
  readonly what: string;
  /** What happened, line by line, in the smallest part of the schedule that still shows it. */
  readonly story: readonly string[];
  /** How to see it again. */
  readonly replay: string;
}

export interface ExerciseReport {
  /** Schedules that were run. */
  readonly seeds: number;
  readonly completed: number;
  readonly dead: number;
  /** Worker deaths that were played. */
  readonly crashes: number;
  /** Failing and hanging calls, lost replies and repeated deliveries that were played. */
  readonly faults: number;
  /** Effects repeated where it cannot be helped: a worker died between effect and record. The same key, the one window. */
  readonly inWindow: number;
  /** Effects that were asked for again and did not happen again, because their key was honoured. */
  readonly honoured: number;
  /** Effects repeated anywhere else: a bug of the processor. */
  readonly repeated: number;
  /** One for each seed with something wrong. Empty, if the processor is right. */
  readonly problems: readonly ExerciseProblem[];
}

/** Shrinking runs a schedule several times; whoever has many problems reads a few. */
const mostShrunk = 3;

/**
 * Runs one job of a processor through many random schedules of worker deaths, pauses beyond the lease, failing calls, lost
 * replies, repeated deliveries and requests: each on a fresh Semel in memory with two workers, in virtual time. Counts what
 * happened outside, and says which repeats are the processor's fault.
 *
 * @example
 * const report = await exercise(embed, { payload, effects: ledger, seeds: 200 });
 * expect(report.problems).toEqual([]);
 * @throws `OPTION_INVALID`; and an `Error` where the job does not even complete undisturbed.
 */
export async function exercise<J extends AnyJob>(
  processor: Processor<J>,
  options: ExerciseOptions<J>,
): Promise<ExerciseReport> {
  const { seeds = 100, firstSeed = 1, seed, effects } = options;
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new OptionInvalidError("exercise.seeds", "a whole number from 1", seeds);
  for (const [name, number] of Object.entries({ seed, firstSeed }))
    if (number !== undefined && !Number.isInteger(number))
      throw new OptionInvalidError(`exercise.${name}`, "a whole number", number);
  const subject = subjectOf(processor, options);
  const isCounted = typeof effects === "function";
  const undisturbed = await runOnce(subject, 0, []);
  if (undisturbed.state !== "completed")
    throw new Error(
      `exercise: undisturbed, the job is ${undisturbed.state} (${undisturbed.error}):\n${undisturbed.story.join("\n")}`,
    );

  const tried = async (one: number, schedule: Schedule): Promise<{ run: Run; judged: Judgement }> => {
    const run = await runOnce(subject, one, schedule);
    return { run, judged: judge(run, undisturbed, isCounted) };
  };
  const all = seed === undefined ? Array.from({ length: seeds }, (_, index) => firstSeed + index) : [seed];
  const sum = { completed: 0, dead: 0, crashes: 0, faults: 0, inWindow: 0, honoured: 0, repeated: 0 };
  const problems: ExerciseProblem[] = [];
  for (const one of all) {
    const schedule = drawSchedule(one, undisturbed.points);
    const { run, judged } = await tried(one, schedule);
    if (run.state === "completed") sum.completed++;
    if (run.state === "dead") sum.dead++;
    for (const figure of ["crashes", "faults"] as const) sum[figure] += run[figure];
    for (const figure of ["inWindow", "honoured", "repeated"] as const) sum[figure] += judged[figure];
    if (judged.problems.length === 0) continue;
    const stillFails = async (part: Schedule): Promise<boolean> => (await tried(one, part)).judged.problems.length > 0;
    const smallest = problems.length < mostShrunk ? await shrink(schedule, stillFails) : schedule;
    const smaller = smallest.length < schedule.length ? await tried(one, smallest) : undefined;
    // A processor with a memory of its own may behave otherwise the next time.
    const shown = smaller && smaller.judged.problems.length > 0 ? smaller : { run, judged };
    problems.push({
      seed: one,
      what: shown.judged.problems.join("; "),
      story: shown.run.story,
      replay: `exercise(processor, { …, seed: ${one} })`,
    });
  }
  return { seeds: all.length, ...sum, problems };
}

function subjectOf<J extends AnyJob>(processor: Processor<J>, options: ExerciseOptions<J>): Subject {
  const { payload, tenant, effects, setUp = () => undefined, alongside = [] } = options;
  const ledger = typeof effects === "function" ? undefined : effects;
  if (ledger !== undefined && typeof ledger?.watch !== "function")
    throw new OptionInvalidError("exercise.effects", "an effectLedger(), or a function that counts", effects);
  return {
    processors: [processor as unknown as AnyProcessor, ...alongside],
    job: processor.job,
    payload,
    tenant,
    ledger,
    count: typeof effects === "function" ? effects : () => 0,
    setUp,
  };
}
