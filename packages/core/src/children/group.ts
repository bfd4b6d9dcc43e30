import { SemelError } from "../errors/semel-error.ts";
import type { Lease } from "../idempotency/lease.ts";
import type { StepKeeper } from "../idempotency/step-keeper.ts";
import type { Events } from "../instrumentation/events.ts";
import type { Envelope } from "../job/envelope.ts";
import type { AnyJob } from "../job/job.ts";
import type { JobRequest } from "../job/request.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { WorkerParts } from "../worker/parts.ts";
import { nextLookMs } from "./bounds.ts";
import type { Child, ChildrenOptions } from "./child.ts";
import type { End } from "./end.ts";
import { enqueueAll } from "./enqueuing.ts";
import { type Family, familyOf, type Work } from "./family.ts";
import { GroupLog } from "./log.ts";
import { look, type Seen } from "./looking.ts";
import { childOf } from "./result.ts";
import { judge, named } from "./verdict.ts";
import { childrenFailed, type WaitsFor, waitingError } from "./waiting.ts";

export interface GroupParts {
  readonly worker: WorkerParts;
  readonly lease: Lease;
  readonly steps: StepKeeper;
  /** The parent. */
  readonly cause: Envelope;
  readonly about: Pick<Events["attempt.started"], "id" | "type" | "tenant" | "attempt" | "fence">;
  /** The store's clock, as far as this worker can tell. */
  now(): EpochMs;
  /** The attempt is to end as one that waits. */
  waits(forWhat: WaitsFor): void;
}

/*
 * One group of children, from the parent's side. Every attempt of the parent takes the same way:
 *
 *   check all ▶ open the log ─▶ closed: hand over what it says
 *                  └─▶ not enqueued under this parent's id: enqueue what has not completed
 *                          └─▶ look at what has not completed ▶ judge ▶ write down ─┬─▶ all ended, or one failed and `continue`: go on
 *                                                                                   ├─▶ one failed and `fail-parent`: throw
 *                                                                                   └─▶ else: wait, and come back
 *
 * Whatever it is interrupted by, it begins again from the start: ids of children follow from the parent's, so enqueuing them
 * twice is enqueuing them once, and a look changes nothing.
 */
export async function joinGroup<J extends AnyJob>(
  parts: GroupParts,
  group: string,
  requests: readonly JobRequest<J>[],
  options: ChildrenOptions<J>,
): Promise<readonly Child<J>[]> {
  const { worker, cause, lease } = parts;
  const { failpoint } = worker.runtime;
  const family = await familyOf({ cause, prepareRequest: worker.prepareRequest }, group, requests, options);
  const log = await GroupLog.open(parts.steps, group, family.digest);
  if (log.isClosed) return handOver(parts, family, log);

  const lookedAt = worker.wakes.listen();
  const enqueued = await enqueuedOnce(parts, group, family, log);
  const seen = await looked(parts, unended(family, log, enqueued.replayed), log);
  failpoint?.(`children:${group}:after-look`);
  const news = [...enqueued.replayed, ...seen.completed];
  const verdict = judge(family, new Set([...log.ends.keys(), ...news.map(({ work }) => work)]), seen.failed);

  // How a child failed is written only where it is final for the parent: until then it may be redriven.
  if (verdict.is === "go-on")
    await log.append([...news, ...verdict.failed, ...verdict.open], { ...enqueued.marks, isClosed: true });
  else await log.append(news, enqueued.marks);
  failpoint?.(`children:${group}:after-record`);

  const waitedMs = parts.now() - enqueued.at;
  const { total, failed, open } = verdict;
  if (verdict.is === "fail") throw childrenFailed(group, failed.length, total, named(family, failed));
  if (verdict.is === "go-on") {
    const about = { ...parts.about, group };
    worker.emitter.emit("children.ended", { ...about, total, failed: failed.length, waitedMs });
    return handOver(parts, family, log);
  }
  if (lease.aborted) throw lease.aborted;
  const ended = total - open.length;
  const nextInMs = nextLookMs(waitedMs);
  const keys = open.map(({ work }) => family.works[work]?.key ?? "");
  parts.waits({ total, ended, failed: failed.length, nextInMs, open: named(family, open), keys, lookedAt });
  throw waitingError(group, { total, ended, failed: failed.length });
}

interface EnqueuedOnce {
  readonly replayed: readonly End[];
  readonly at: EpochMs;
  /** What is to be written of it; nothing, if it is on record. */
  readonly marks: { readonly by?: string; readonly at?: EpochMs };
}

/** Enqueues what has not completed, unless it is on record that this parent did. One that was redriven does it again. */
async function enqueuedOnce(parts: GroupParts, group: string, family: Family, log: GroupLog): Promise<EnqueuedOnce> {
  const { worker, lease, cause } = parts;
  const before = log.enqueuedAt(cause.id);
  if (before !== undefined) return { replayed: [], at: before, marks: {} };
  const { replayed, counts } = await enqueueAll(family, worker.admitRequest, lease, unended(family, log), log);
  const { created, duplicate: duplicates, conflict: conflicts } = counts;
  const about = { ...parts.about, group, total: family.works.length };
  worker.emitter.emit("children.enqueued", { ...about, created, duplicates, replayed: counts.replayed, conflicts });
  worker.runtime.failpoint?.(`children:${group}:after-enqueue`);
  const at = parts.now();
  return { replayed, at, marks: { by: cause.id, at } };
}

function unended({ works }: Family, log: GroupLog, but: readonly End[] = []): readonly Work[] {
  const known = new Set(but.map(({ work }) => work));
  return works.filter(({ at }) => !log.ends.has(at) && !known.has(at));
}

/** That the store is away for a moment is no failure of the parent's: it looks again later. */
async function looked({ worker }: GroupParts, works: readonly Work[], log: GroupLog): Promise<Seen> {
  try {
    return await look(worker, works, log);
  } catch (error) {
    if (SemelError.isInstance(error) && error.code === "STORE_UNAVAILABLE") return { completed: [], failed: [] };
    throw error;
  }
}

const handOver = <J extends AnyJob>(parts: GroupParts, family: Family, log: GroupLog): readonly Child<J>[] =>
  family.edges.map(({ work }, index) => childOf<J>(parts, log, work, index));
