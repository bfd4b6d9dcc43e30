import type { Lease } from "../idempotency/lease.ts";
import type { Admission } from "../semel/admit.ts";
import type { Prepared } from "../semel/prepare.ts";
import { completed, type End } from "./end.ts";
import type { Family, Work } from "./family.ts";
import type { GroupLog } from "./log.ts";
import { keptResult } from "./looking.ts";

/** Children enqueued at a time; the engine lets as many in. */
const atATime = 500;

export type EnqueuedCounts = Readonly<Record<Admission["is"], number>>;

/**
 * Enqueues children; doing it again under the same ids changes nothing. Answers how they came out, and those that had been
 * done before, with their results.
 */
export async function enqueueAll(
  { prepare }: Family,
  admit: (prepared: Prepared) => Promise<Admission>,
  lease: Lease,
  works: readonly Work[],
  log: GroupLog,
): Promise<{ readonly replayed: readonly End[]; readonly counts: EnqueuedCounts }> {
  const replayed: End[] = [];
  const counts = { created: 0, duplicate: 0, replayed: 0, conflict: 0 };
  const own = works.filter(({ clashes }) => !clashes);
  for (let start = 0; start < own.length; start += atATime) {
    if (lease.aborted) throw lease.aborted;
    const some = own.slice(start, start + atATime);
    // All are heard, so that none is still on its way when the attempt ends over another.
    const admitted = await Promise.allSettled(some.map(async (work) => admit(await prepare(work))));
    const done = admitted.map((one, index) => {
      if (one.status === "rejected") throw one.reason;
      counts[one.value.is]++;
      const work = some[index];
      return one.value.is === "replayed" && work ? [replayedEnd(work, one.value, log)] : [];
    });
    replayed.push(...(await Promise.all(done.flat())));
  }
  return { replayed, counts };
}

async function replayedEnd(
  work: Work,
  { id, kind, result }: Extract<Admission, { is: "replayed" }>,
  log: GroupLog,
): Promise<End> {
  if (kind.kind === "omitted") return completed(work, id, { in: "nowhere", why: kind.why });
  return completed(work, id, await keptResult(log, id, result ?? ""));
}
