import type { Addition, Priority } from "@semel/core/adapter";
import type { JobJson, JobsOptions } from "bullmq";
import type { JobData } from "./broker.ts";

/** BullMQ hands out lower numbers first, and 0 – no priority – before all others. */
const rank: Record<Priority, number> = { interactive: 1, normal: 2, bulk: 3 };

/** The ranks that a waiting job may have. */
export const ranks: readonly number[] = Object.values(rank);

/**
 * An addition as BullMQ's backends take it. Its options are stored with every job, so there are none but those that
 * matter: BullMQ's own `Queue` adds the id once more, and attempts, which are the store's business.
 */
export function newJob(addition: Addition, data: JobData): JobJson {
  const opts: Pick<JobsOptions, "delay" | "priority"> = {
    ...(addition.delayMs > 0 ? { delay: addition.delayMs } : {}),
    ...(addition.priority ? { priority: rank[addition.priority] } : {}),
  };
  return {
    id: addition.id,
    name: addition.type,
    data: data.encode(addition.envelope),
    opts,
    ...opts,
    timestamp: Date.now(),
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: "",
    returnvalue: "",
  };
}
