import { SemelError } from "../errors/semel-error.ts";
import type { DefinedJob } from "../job/define-job.ts";
import { readable } from "../runtime/duration.ts";
import type { JobStoreFeatures } from "./job-store.ts";
import { pastDeadlineMs } from "./transitions/decision.ts";

/**
 * A record that is gone before its job's time is over lets a delivery that comes late begin anew; one that is gone before
 * its window is over lets the same work run twice. A store that would forget so soon is refused, not warned of.
 * @param delayMs how long the job waits before its deadline begins to count.
 * @throws `RETENTION_TOO_SHORT`.
 */
export function checkRetention({ retentionMs }: JobStoreFeatures, job: DefinedJob, delayMs = 0): void {
  if (retentionMs === undefined) return;
  const { type, deadlineMs, keepMs } = job;
  const ofDeadlineMs = delayMs + deadlineMs + pastDeadlineMs;
  const neededMs = Math.max(ofDeadlineMs, keepMs);
  if (neededMs <= retentionMs) return;
  const why = ofDeadlineMs >= keepMs ? "its delay, its deadline and an hour" : "its window";
  throw new SemelError(
    "RETENTION_TOO_SHORT",
    `${type}: expected a store that keeps records for ${readable(neededMs)} (${why}), got one that keeps them for ${readable(retentionMs)}`,
    { details: { type, neededMs, retentionMs } },
  );
}
