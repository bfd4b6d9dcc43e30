import type { JobRecord } from "../idempotency/job-record.ts";
import type { WorkerBeat } from "../idempotency/worker-beat.ts";
import type { JobId } from "../job/identity.ts";
import type { PlannedGroup } from "./redrive-plan.ts";

/** What is asked of a letter. */
export interface Candidate {
  readonly id: JobId;
  readonly type: string;
  readonly version: number;
  readonly redrives: number;
  /** The id it would come back under; `undefined` where its envelope cannot be read. */
  readonly successor: JobId | undefined;
}

/** What there is besides the letter. */
export interface Circumstances {
  /** What stands for its work. */
  readonly record: JobRecord | undefined;
  readonly workers: readonly Pick<WorkerBeat, "types" | "problem">[];
  readonly isPaused: boolean;
  readonly maxRedrives: number;
}

export type Prospect = Pick<PlannedGroup, "becomes" | "why">;

/** What would become of a letter, as things stand. The store has the last word when it is really brought back. */
export function prospectOf(letter: Candidate, { record, workers, isPaused, maxRedrives }: Circumstances): Prospect {
  const refused = (why: PlannedGroup["why"]): Prospect => ({ becomes: "refused", why });
  if (letter.successor === undefined) return refused("ENVELOPE_INVALID");
  if (!record) return refused("JOB_NOT_FOUND");
  if (record.id === letter.successor) return { becomes: "resumes", why: undefined };
  if (record.id !== letter.id || record.state !== "dead") {
    return record.state === "completed"
      ? { becomes: "replayed", why: "JOB_REPLAYED" }
      : { becomes: "superseded", why: "JOB_SUPERSEDED" };
  }
  if (record.hasFollowUps) return refused("FOLLOW_UPS_UNSENT");
  if (letter.redrives >= maxRedrives) return refused("REDRIVES_SPENT");
  const takers = takersOf(letter.type, workers);
  if (takers.length === 0) return refused("TYPE_UNATTENDED");
  if (takers.every(({ version }) => version < letter.version)) return { becomes: "waits", why: "newer-version" };
  if (takers.every(({ problem }) => problem !== undefined)) return { becomes: "waits", why: "worker-unready" };
  return isPaused ? { becomes: "waits", why: "paused" } : { becomes: "runs", why: undefined };
}

/** The living workers that process a type, each with the version it knows. */
export const takersOf = (
  type: string,
  workers: Circumstances["workers"],
): readonly { readonly version: number; readonly problem: string | undefined }[] =>
  workers.flatMap(({ types, problem }) =>
    types.filter((one) => one.type === type).map(({ version }) => ({ version, problem })),
  );
