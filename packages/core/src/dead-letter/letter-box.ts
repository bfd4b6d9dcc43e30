import type { GuardKey, JobId } from "../job/identity.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { DeadReason } from "./reason.ts";

/** Which letters. Every field narrows; an empty filter is all of them. */
export interface LetterFilter {
  readonly type?: string | undefined;
  readonly tenant?: string | undefined;
  readonly reasons?: readonly DeadReason[] | undefined;
  /** The fingerprint of the failure: type, code and normalised message. */
  readonly group?: string | undefined;
  readonly diedAfter?: EpochMs | undefined;
  readonly diedBefore?: EpochMs | undefined;
}

/** A letter as the store hands it out. `body` is the JSON that came with the settlement. */
export interface StoredLetter {
  readonly id: JobId;
  readonly key: GuardKey;
  readonly body: string;
  readonly diedAt: EpochMs;
  /** Its place among letters of one millisecond, where the store needs more than the id to say so: it comes back in `after`. */
  readonly order?: number | undefined;
}

/**
 * The read side of dead letters; they are written by `settle`. A letter is kept until it is purged or its
 * time is over, counted from the death; who redrives one purges it.
 */
export interface LetterBox {
  /**
   * Newest first, at most `limit`; `after` is the last letter of the page before. It keeps its place when it has been
   * purged meanwhile, and what dies after it comes before it: whoever redrives what a list hands out never meets it again.
   */
  list(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]>;
  get(id: JobId): Promise<StoredLetter | undefined>;
  /** Letters by type, reason and group, the most frequent first. */
  groups(filter: LetterFilter): Promise<
    readonly {
      readonly type: string;
      readonly reason: DeadReason;
      readonly group: string;
      readonly count: number;
      readonly sample: JobId;
    }[]
  >;
  /** Answers how many were removed. Records are not touched. */
  purge(filter: LetterFilter | { readonly id: JobId }): Promise<number>;
}
