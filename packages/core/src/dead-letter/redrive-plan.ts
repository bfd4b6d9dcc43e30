import type { ErrorCode } from "../errors/codes.ts";
import type { SemelError } from "../errors/semel-error.ts";
import type { Explanation } from "../semel/explain.ts";
import type { DeadLetterFilter } from "./filter.ts";
import type { DeadReason } from "./reason.ts";
import type { RedriveRunOptions } from "./redrive-options.ts";

/** Which letters a plan is for. */
export interface RedrivePlanFilter extends DeadLetterFilter {
  /** What was brought back this often and died again is refused (`REDRIVES_SPENT`). Default: 3; `Infinity` for no end. */
  readonly maxRedrives?: number | undefined;
}

/**
 * What would become of a letter now.
 *
 * - `runs`: its job comes back, and a living worker takes it.
 * - `waits`: it comes back and waits; `why` is what keeps it, in the words of `explain`.
 * - `resumes`: it has been brought back before, by a call that did not come to its end. Only the letter is left.
 * - `replayed`: its work has completed since, in another job. Nothing would run.
 * - `superseded`: another job stands for its work.
 * - `refused`: it cannot come back; `why` is the code `redrive` would throw.
 */
export type Becomes = "runs" | "waits" | "resumes" | "replayed" | "superseded" | "refused";

/** Letters of which the same would become. */
export interface PlannedGroup {
  readonly type: string;
  readonly reason: DeadReason;
  readonly becomes: Becomes;
  /** What keeps them from running; `undefined` for those that run or resume. */
  readonly why: ErrorCode | Explanation["code"] | undefined;
  readonly count: number;
  /** One of them, to look at. */
  readonly sample: string;
}

/**
 * What bringing letters back would do, before it is done.
 *
 * It is about the letters there were when it was made. What dies later is none of it, nor is what it brings back and
 * what dies again. It holds no list of them: `run` reads the letters anew, page by page, and judges each as it stands
 * then, so the counts are a forecast and the report is what happened.
 */
export interface RedrivePlan {
  readonly total: number;
  /** How many would become what. They add up to `total`. */
  readonly counts: Readonly<Record<Becomes, number>>;
  /** The same by type, reason and what keeps them from running, the most frequent first. */
  readonly groups: readonly PlannedGroup[];
  /**
   * Brings them back, the newest death first, and reports. Stopped in the middle, by its signal or by an outage, it can be
   * run again and goes on; so can a new plan in another process. Two at the same time bring each job back once.
   */
  run(options?: RedriveRunOptions): Promise<RedriveReport>;
}

/** What a run has done. */
export interface RedriveReport {
  /** Letters in the plan, and how many of them were looked at. */
  readonly total: number;
  readonly looked: number;
  /** Brought back by this run. */
  readonly redriven: number;
  /** Brought back before, or by somebody else at the same time. */
  readonly already: number;
  readonly replayed: number;
  readonly superseded: number;
  /** Purged, expired or brought back since the plan was made. */
  readonly gone: number;
  /** What did not come back, and why; the most frequent first. Their letters are all there. */
  readonly refused: readonly {
    readonly code: ErrorCode;
    readonly message: string;
    readonly count: number;
    readonly sample: string;
  }[];
  /** `unavailable`: queue or store failed ten times in a row, or the letters could not be read; `error` says how. */
  readonly ended: "all" | "aborted" | "unavailable";
  readonly error: SemelError | undefined;
}

/** How far a run is. */
export interface RedriveProgress extends Omit<RedriveReport, "ended" | "error"> {
  /** The letter that was looked at last. */
  readonly last: {
    readonly id: string;
    readonly is: "redriven" | "already" | "replayed" | "superseded" | "gone" | "refused";
    /** The id it came back under. */
    readonly as: string | undefined;
    readonly code: ErrorCode | undefined;
  };
}
