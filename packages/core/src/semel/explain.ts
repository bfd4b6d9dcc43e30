import type { JobRecord, Waiting } from "../idempotency/job-record.ts";
import type { JobStore } from "../idempotency/job-store.ts";
import { isFinal } from "../job/state.ts";
import type { Queue } from "../queue/queue.ts";
import { readable } from "../runtime/duration.ts";

/** Why a job is not done yet. The first in the list is the one to look at. */
export interface Explanation {
  readonly code:
    | "no-worker"
    | "worker-unready"
    | "newer-version"
    | "paused"
    | "not-due"
    | "running"
    | "lease-over"
    | "cancel-requested"
    | "waiting-for-children"
    | "in-line"
    | "missing-delivery"
    | "finished";
  readonly text: string;
  /** When that may change by itself. */
  readonly until?: Date | undefined;
}

/** Says why a job stands where it stands, from what store and queue know now. */
export async function explain(
  store: JobStore,
  queue: Queue,
  record: JobRecord,
  now: number,
): Promise<readonly Explanation[]> {
  if (isFinal(record.state)) {
    const why = record.error ? `: ${record.reason ?? record.error.code}: ${record.error.message}` : "";
    return [
      {
        code: "finished",
        text: `it is ${record.state} since ${new Date(record.finishedAt ?? now).toISOString()}${why}`,
      },
    ];
  }
  const [workers, counts] = await Promise.all([store.workers(), queue.counts(record.lane)]);
  const found: Explanation[] = [];
  const cancelling: Explanation[] = record.cancelRequested
    ? [
        {
          code: "cancel-requested",
          text: `a cancel is on its way to its worker (${record.cancelRequested.by})`,
        },
      ]
    : [];
  // Somebody runs it, whatever is known of workers: their list may have been lost, and what keeps others waiting keeps nothing from it.
  const isRun = record.state === "running" && (record.leaseUntil ?? 0) > now;
  if (isRun) found.push(...cancelling, ofRunning(record, now));
  const takers = workers.flatMap(({ types, where, problem }) =>
    types.filter(({ type }) => type === record.type).map(({ version }) => ({ version, where, problem })),
  );
  if (takers.length === 0) {
    const others = [...new Set(workers.flatMap((worker) => worker.types.map(({ type }) => type)))];
    const alive =
      workers.length === 0 ? "no worker is alive in this namespace" : `the living workers take ${others.join(", ")}`;
    found.push({ code: "no-worker", text: `no living worker processes ${record.type}: ${alive}` });
  } else if (takers.every(({ version }) => version < record.version)) {
    const newest = Math.max(...takers.map(({ version }) => version));
    found.push({
      code: "newer-version",
      text: `it has payload version ${record.version}, the living workers know ${newest}: it is held until a newer one comes`,
    });
  }
  if (takers.length > 0 && takers.every(({ problem }) => problem !== undefined)) {
    found.push({ code: "worker-unready", text: takers.map(({ where, problem }) => `${where}: ${problem}`).join("; ") });
  }
  if (counts.held) found.push({ code: "paused", text: `"${record.lane}" is paused` });
  if (isRun) return found;
  found.push(...cancelling);
  if (record.state === "running") found.push(ofRunning(record, now));
  else if (record.state === "retrying" && record.waiting) found.push(ofWaiting(record.waiting, record.deadlineAt));
  else if (record.notBefore > now) {
    const why = record.error ? ` after ${record.error.code}: ${record.error.message}` : "";
    found.push({
      code: "not-due",
      text: `its next attempt is due in ${readable(record.notBefore - now)}${why}`,
      until: new Date(record.notBefore),
    });
  } else if (found.length === 0) found.push(await inLine(queue, record, counts.waiting));
  return found;
}

function ofRunning(record: JobRecord, now: number): Explanation {
  const left = (record.leaseUntil ?? 0) - now;
  if (left > 0) {
    const since = record.claimedAt === undefined ? "" : ` for ${readable(now - record.claimedAt)}`;
    return {
      code: "running",
      text: `attempt ${record.failures + 1} is running${since}`,
      until: new Date(record.leaseUntil ?? now),
    };
  }
  return { code: "lease-over", text: `its worker went silent ${readable(-left)} ago; the next delivery takes over` };
}

function ofWaiting({ total, ended, failed }: Waiting, deadlineAt: number): Explanation {
  const failures = failed > 0 ? `, ${failed} of them without completing` : "";
  return {
    code: "waiting-for-children",
    text: `${ended} of ${total} children have ended${failures}; it looks again from time to time`,
    until: new Date(deadlineAt),
  };
}

async function inLine(queue: Queue, record: JobRecord, waiting: number): Promise<Explanation> {
  const there = !queue.features.lookup || (await queue.has(record.lane, record.id));
  if (there) return { code: "in-line", text: `it waits its turn: ${waiting} waiting in "${record.lane}"` };
  return { code: "missing-delivery", text: "the queue does not have it; enqueuing the same work again adds it anew" };
}
