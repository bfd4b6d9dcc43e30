import type { EpochMs, Operation } from "@semel/core/adapter";
import { Course, tickMs } from "./course.ts";
import type { Machine } from "./machine.ts";
import type { Policy } from "./plan.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly schedules: number;
  readonly policy: Policy;
  /** Where its clock begins; on a server not before its own time, or records would expire at once. */
  readonly from: EpochMs;
  /** How many go on side by side and share calls: many for a server, few for a function. Default: 500. */
  readonly together?: number | undefined;
  /** Told from time to time how many are over. */
  readonly progress?: ((over: number) => void) | undefined;
  /** Makes the key of a schedule; as long as a guard key. */
  readonly keyOf?: ((index: number) => string) | undefined;
}

/** What many schedules came to. */
export interface Simulation {
  readonly schedules: number;
  readonly operations: number;
  readonly effects: number;
  readonly withRepeats: number;
  readonly repeated: number;
  readonly byCrash: number;
  readonly byLostContact: number;
  readonly staleWrites: number;
  readonly staleAccepted: number;
  readonly takeOvers: number;
  /** Answers with a result on record. */
  readonly results: number;
  /** Of all questions and answers: two machines that decide alike have the same. */
  readonly trace: number;
  /** What must not be, each with the seed that shows it. */
  readonly broken: readonly string[];
}

/**
 * Plays schedules of claims, steps, crashes, pauses, partitions, lost messages and duplicates against a machine. Each has
 * chances of its own, drawn from the seed and its number. All share one clock that only moves when nobody has anything
 * left to do, so that what they ask at one instant travels in one call.
 */
export async function simulate(machine: Machine, options: SimulationOptions): Promise<Simulation> {
  const { schedules, together = 500, progress } = options;
  const total = {
    schedules,
    operations: 0,
    effects: 0,
    withRepeats: 0,
    repeated: 0,
    byCrash: 0,
    byLostContact: 0,
    staleWrites: 0,
    staleAccepted: 0,
    takeOvers: 0,
    results: 0,
    trace: 0,
    broken: [] as string[],
  };
  for (let first = 0; first < schedules; first += together) {
    const courses = beginning(options, first, Math.min(first + together, schedules));
    total.operations += await play(machine, courses, options.from);
    for (const [offset, { verdict, trace }] of courses.entries()) {
      total.effects += verdict.effects;
      total.withRepeats += verdict.repeated > 0 ? 1 : 0;
      total.repeated += verdict.repeated;
      total.byCrash += verdict.byCrash;
      total.byLostContact += verdict.byLostContact;
      total.staleWrites += verdict.staleWrites;
      total.staleAccepted += verdict.staleAccepted;
      total.takeOvers += verdict.takeOvers;
      total.results += verdict.results;
      total.trace = (total.trace + trace) >>> 0;
      const seed = seedOf(options.seed, first + offset);
      total.broken.push(...new Set(verdict.broken.map((what) => `${what} (schedule ${first + offset}, seed ${seed})`)));
    }
    progress?.(Math.min(first + together, schedules));
    // The pure function never waits: whoever wants to be told, or to end this, has to get a turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return total;
}

const seedOf = (seed: number, index: number): number => (seed * 1_000_003 + index) >>> 0;

const guardKey = (index: number): string => `simulated-${index}`.padEnd(32, "-");

function beginning({ seed, policy, from, keyOf = guardKey }: SimulationOptions, first: number, end: number): Course[] {
  return Array.from({ length: end - first }, (_, offset) => {
    const index = first + offset;
    return new Course(keyOf(index), seedOf(seed, index), policy, from);
  });
}

/** @returns how many operations it took. */
async function play(machine: Machine, courses: readonly Course[], from: EpochMs): Promise<number> {
  const due = new Map<number, Course[]>();
  const note = (course: Course): void => {
    const at = course.nextAt;
    if (at === undefined) return;
    // Whoever waits for an answer only is noted when it has come.
    const tick = Number.isFinite(at) ? Math.ceil(at / tickMs) * tickMs : undefined;
    if (tick === undefined) return;
    const there = due.get(tick);
    if (there) there.push(course);
    else due.set(tick, [course]);
  };
  let operations = 0;
  for (const course of courses) note(course);
  for (let now = Math.ceil(from / tickMs) * tickMs; due.size > 0; now += tickMs) {
    const some = due.get(now);
    if (!some) continue;
    due.delete(now);
    const asked = some.map((course) => ({ course, operations: course.ask(now) }));
    const all: Operation[] = asked.flatMap((one) => one.operations);
    const answers = all.length > 0 ? await machine.apply(all, now) : [];
    operations += all.length;
    let at = 0;
    for (const one of asked) {
      if (one.operations.length > 0) one.course.tell(answers.slice(at, at + one.operations.length));
      at += one.operations.length;
      note(one.course);
    }
  }
  return operations;
}
