import type { Chance } from "./chance.ts";

/** What a worker does when a step was begun by another that never said how it ended; see `Rules`. */
export type Policy = "retry" | "verify" | "halt";

/** What goes wrong with one attempt, and where. */
export interface Mishap {
  readonly at: (typeof points)[number];
  readonly is: "crash" | "pause" | "partition";
  /** Of a pause or a partition. */
  readonly ms: number;
}

/** The points between two writes of an attempt. */
export const points = [
  "claim:after",
  "before-effect",
  "after-effect",
  "after-record",
  "settle:before",
  "settle:after",
] as const;

/** What happens to one piece of work, drawn beforehand: all else follows from how the machine answers. */
export interface Plan {
  /** Deliveries of the one job: a queue may hand out twice. When each comes first, in milliseconds. */
  readonly deliveries: readonly number[];
  /** Repeats of the same enqueue, and when. */
  readonly repeats: readonly number[];
  readonly steps: readonly string[];
  /** Attempts that fail by themselves before one does not. */
  readonly failures: number;
  /** How often a question gets lost, and how often an answer. */
  readonly lossiness: number;
}

export const leaseMs = 30_000;

export function drawPlan(chance: Chance): Plan {
  const times = (most: number): number[] =>
    Array.from({ length: chance.between(0, most) }, () => chance.between(0, 120_000));
  return {
    deliveries: [0, ...times(2)],
    repeats: times(3),
    steps: ["first", "second", "third"].slice(0, chance.between(1, 3)),
    failures: chance.happens(0.3) ? chance.between(1, 2) : 0,
    lossiness: chance.happens(0.5) ? 0.05 : 0,
  };
}

/** Two attempts in five meet with one. Pauses and partitions are mostly longer than a lease. */
export function drawMishap(chance: Chance): Mishap | undefined {
  if (!chance.happens(0.4)) return undefined;
  const is = chance.oneOf<Mishap["is"]>(["crash", "crash", "pause", "partition"]);
  return { at: chance.oneOf(points), is, ms: chance.between(5_000, 95_000) };
}
