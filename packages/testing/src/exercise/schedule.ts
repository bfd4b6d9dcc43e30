import { seededRandom } from "../seeded.ts";

/** Something that goes wrong. `at`: when the workers have passed so many points between two writes, counted from 1. */
export type Disturbance =
  /** The process dies there. */
  | { readonly is: "crash"; readonly at: number }
  /** The process stands still for longer than its lease; its next call to the store is under way, or answered, and waits. */
  | { readonly is: "pause"; readonly at: number; readonly forMs: number; readonly when: "before" | "after" }
  /** The next call to the store fails; `after`: it was done, and its reply is lost. */
  | { readonly is: "failure"; readonly at: number; readonly when: "before" | "after" }
  /** The broker hands the job over twice. */
  | { readonly is: "twice"; readonly round: number }
  /** The application asks for the same work again. */
  | { readonly is: "request"; readonly round: number };

export type Schedule = readonly Disturbance[];

/** Deaths and pauses of one job: one more and it would be dead-lettered as a crash loop. */
const mostDeaths = 3;
const mostDisturbances = 6;

/** @param points how many points an undisturbed run comes by. */
export function drawSchedule(seed: number, points: number): Schedule {
  const random = seededRandom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const when = (): "before" | "after" => (random() < 0.5 ? "before" : "after");
  let deaths = 0;
  return Array.from({ length: whole(1, mostDisturbances) }, (): Disturbance => {
    const at = whole(1, Math.ceil(points * 1.5));
    const kind = random();
    if (kind < 0.5 && deaths < mostDeaths) {
      deaths++;
      return kind < 0.35 ? { is: "crash", at } : { is: "pause", at, forMs: whole(35, 95) * 1_000, when: when() };
    }
    if (kind < 0.75) return { is: "failure", at, when: when() };
    return kind < 0.85 ? { is: "twice", round: whole(0, 2) } : { is: "request", round: whole(0, 3) };
  });
}

/** The smallest part of the schedule with which it still fails: each disturbance is left out in turn. */
export async function shrink(schedule: Schedule, stillFails: (part: Schedule) => Promise<boolean>): Promise<Schedule> {
  let smallest = schedule;
  for (const one of schedule) {
    const part = smallest.filter((other) => other !== one);
    if (await stillFails(part)) smallest = part;
  }
  return smallest;
}
