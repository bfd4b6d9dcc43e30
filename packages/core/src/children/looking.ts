import type { Guard } from "../idempotency/guard.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import type { StoredValue } from "../job/value.ts";
import { sizeOf } from "../job/value.ts";
import { breathe } from "../runtime/breathe.ts";
import { keptResultsBytes, smallResultBytes } from "./bounds.ts";
import { completed, type End, type KeptResult, standing } from "./end.ts";
import type { Work } from "./family.ts";
import type { GroupLog } from "./log.ts";

interface LookParts {
  readonly guard: Guard;
  /** A question within the deadline. @throws `STORE_UNAVAILABLE`. */
  asked<T>(what: string, work: () => Promise<T>): Promise<T>;
}

/** Records of one question. */
const recordsAtATime = 500;
/** Results that are in memory at a time. */
const resultsAtATime = 50;

/** What is new since the log was written. */
export interface Seen {
  readonly completed: readonly End[];
  readonly failed: readonly End[];
}

/** Looks how these works stand, and copies the results of those that have completed. A question for every 500. */
export async function look(parts: LookParts, works: readonly Work[], log: GroupLog): Promise<Seen> {
  const done: End[] = [];
  const failed: End[] = [];
  for (let start = 0; start < works.length; start += recordsAtATime) {
    const some = works.slice(start, start + recordsAtATime);
    const records = await read(parts, some);
    const withResult: { work: Work; record: JobRecord }[] = [];
    some.forEach((work, offset) => {
      const seen = standing(work, records[offset]);
      if (seen.is === "failed") failed.push(seen.end);
      if (seen.is !== "completed") return;
      const { result } = seen.record;
      if (result?.kind === "stored") withResult.push({ work, record: seen.record });
      else done.push(completed(work, seen.record.id, nowhere(result?.why ?? "it had none")));
    });
    for (let from = 0; from < withResult.length; from += resultsAtATime)
      done.push(...(await copied(parts, withResult.slice(from, from + resultsAtATime), log)));
    await breathe();
  }
  return { completed: done, failed };
}

const read = (parts: LookParts, works: readonly Work[]): Promise<readonly (JobRecord | undefined)[]> =>
  parts.asked("children", () => parts.guard.store.read(works.map(({ key }) => key)));

const nowhere = (why: string): KeptResult => ({ in: "nowhere", why });

async function copied(
  parts: LookParts,
  found: readonly { work: Work; record: JobRecord }[],
  log: GroupLog,
): Promise<readonly End[]> {
  const { store } = parts.guard;
  const values = await parts.asked("children", () => Promise.all(found.map(({ work }) => store.result(work.key))));
  // A job may have been run again between the two questions: what was read must be the result of the one that was seen.
  const after = await read(
    parts,
    found.map(({ work }) => work),
  );
  const ends = await Promise.all(
    found.map(async ({ work, record }, index) => {
      const value = values[index];
      const now = after[index];
      if (value === undefined || now?.id !== record.id || now.finishedAt !== record.finishedAt) return undefined;
      return completed(work, record.id, await keptResult(log, record.id, value));
    }),
  );
  return ends.filter((end) => end !== undefined);
}

/** Puts a result where it stays as long as the parent needs it. */
export async function keptResult(log: GroupLog, id: string, value: StoredValue): Promise<KeptResult> {
  const bytes = sizeOf(value);
  if (bytes <= smallResultBytes) return { in: "log", value };
  if (log.keptBytes + bytes > keptResultsBytes) return { in: "child" };
  log.keptBytes += bytes;
  await log.keep(id, value);
  return { in: "step", bytes };
}
