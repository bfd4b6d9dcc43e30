import type { EpochMs } from "../runtime/clock.ts";
import { letterFacts } from "./dead-letter.ts";
import { type Desk, pages } from "./desk.ts";
import type { LetterFilter, StoredLetter } from "./letter-box.ts";
import { type Candidate, type Prospect, prospectOf } from "./prospect.ts";
import type { DeadReason } from "./reason.ts";
import type { Becomes, PlannedGroup, RedrivePlan } from "./redrive-plan.ts";
import { successorOf } from "./successor.ts";

/** A letter and what would become of it. */
export interface Judged {
  readonly stored: StoredLetter;
  readonly prospect: Prospect;
}

/** What is known of a whole page, in one question each to letters' records, workers and lanes. */
export async function judge(
  desk: Desk,
  page: readonly StoredLetter[],
  maxRedrives: number,
  paused: PausedLanes,
): Promise<readonly (Judged & { readonly type: string; readonly reason: DeadReason })[]> {
  const { asked, store } = desk;
  const [records, workers] = await Promise.all([
    asked("deadLetters.plan", () => store.read(page.map(({ key }) => key))),
    asked("deadLetters.plan", () => store.workers()),
  ]);
  const judged = page.map(async (stored, index) => {
    const { type, reason, version, redrives, lane } = letterFacts(stored);
    const isReadable = reason !== "INVALID_ENVELOPE";
    const successor = isReadable ? successorOf(stored) : undefined;
    const candidate: Candidate = { id: stored.id, type, version, redrives, successor };
    const circumstances = { record: records[index], workers, isPaused: await paused.has(lane), maxRedrives };
    return { stored, type, reason, prospect: prospectOf(candidate, circumstances) };
  });
  return Promise.all(judged);
}

/** Whether lanes are paused, each asked for once in a while: a plan of many letters has few lanes. */
export class PausedLanes {
  readonly #desk: Desk;
  readonly #known = new Map<string, { readonly at: EpochMs; readonly held: Promise<boolean> }>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  has(lane: string): Promise<boolean> {
    const { clock, asked, queue } = this.#desk;
    const known = this.#known.get(lane);
    if (known && clock.monotonic() - known.at < 5_000) return known.held;
    const held = asked("deadLetters.plan", async () => (await queue.counts(lane)).held);
    this.#known.set(lane, { at: clock.monotonic(), held });
    // Whoever asks next asks anew.
    held.catch(() => this.#known.delete(lane));
    return held;
  }
}

/** Reads all letters that match and counts what would become of them. Remembers counts, not letters. */
export async function survey(
  desk: Desk,
  filter: LetterFilter,
  maxRedrives: number,
): Promise<Omit<RedrivePlan, "run"> & { readonly first: StoredLetter | undefined }> {
  const counts: Record<Becomes, number> = { runs: 0, waits: 0, resumes: 0, replayed: 0, superseded: 0, refused: 0 };
  const groups = new Map<string, PlannedGroup>();
  const paused = new PausedLanes(desk);
  let first: StoredLetter | undefined;
  let total = 0;
  for await (const page of pages(desk, filter)) {
    first ??= page[0];
    total += page.length;
    for (const { stored, type, reason, prospect } of await judge(desk, page, maxRedrives, paused)) {
      counts[prospect.becomes]++;
      const name = JSON.stringify([type, reason, prospect.becomes, prospect.why]);
      const found = groups.get(name) ?? { type, reason, ...prospect, count: 0, sample: stored.id };
      groups.set(name, { ...found, count: found.count + 1 });
    }
  }
  return { total, counts, groups: [...groups.values()].sort((a, b) => b.count - a.count), first };
}
