import { SemelError } from "../errors/semel-error.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Duration } from "../runtime/duration.ts";
import { toMs } from "../runtime/duration.ts";
import { type DeadLetter, readLetter } from "./dead-letter.ts";
import type { LetterBox, LetterFilter, StoredLetter } from "./letter-box.ts";
import type { DeadReason } from "./reason.ts";

/** Which dead letters. Every field narrows. */
export interface DeadLetterFilter {
  readonly type?: string | undefined;
  readonly reason?: DeadReason | readonly DeadReason[] | undefined;
  /** As `groups()` names them. */
  readonly group?: string | undefined;
  /** By the time of death. */
  readonly newerThan?: Duration | undefined;
  readonly olderThan?: Duration | undefined;
}

export interface DeadLetterGroup {
  readonly group: string;
  readonly type: string;
  readonly reason: DeadReason;
  readonly count: number;
  /** One of them, to look at. */
  readonly sample: string;
}

export interface RedriveOptions {
  /** What becomes of the steps on record. Default: `"keep"`. */
  readonly steps?: "keep" | "fresh" | undefined;
  /**
   * Of a letter whose reason is `UNCERTAIN_EFFECT`: what somebody found out about the step in its `details`. `found` is
   * recorded as the step's value, which must be what the step would have answered; with `absent` the step runs again, with
   * the same key. Without it the redriven job asks the step's own policy again, and may halt once more.
   */
  readonly finding?: { readonly is: "found"; readonly value: unknown } | { readonly is: "absent" } | undefined;
}

/** What was set aside, for people and programs that look after it. */
export interface DeadLetters {
  /** Newest first. Default limit: 100; `Infinity` for all. */
  list(filter?: DeadLetterFilter & { readonly limit?: number | undefined }): AsyncIterable<DeadLetter>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Counts by type, reason and kind of failure, the most frequent first. */
  groups(filter?: DeadLetterFilter): Promise<readonly DeadLetterGroup[]>;
  /**
   * Brings one back under a new id, which it answers; its attempts start anew. Finished steps are kept unless `steps` is
   * `"fresh"`, which runs, and pays for, everything again. After an error call it again: it goes on where it stopped, under
   * the id of the first time. Once it has answered, the letter is gone.
   * @throws `JOB_NOT_FOUND` when there is no such letter; `JOB_SUPERSEDED` when its work was done, or taken up, otherwise;
   * `OPTION_INVALID` for a finding about a letter that asks for none.
   */
  redrive(id: string, options?: RedriveOptions): Promise<string>;
  /** Removes letters for good; answers how many. An empty filter removes nothing: say `{ olderThan: "0s" }` for all. */
  purge(filter: DeadLetterFilter): Promise<number>;
}

const pageSize = 100;

/** The operator's view of a letter box; of one tenant's letters where a tenant is given. */
export function deadLettersOf(
  box: LetterBox,
  clock: Clock,
  tenant: string | undefined,
  redrive: (letter: StoredLetter, how: RedriveOptions) => Promise<string>,
  asked: <T>(what: string, work: () => Promise<T>) => Promise<T>,
): DeadLetters {
  const filterOf = ({ type, reason, group, newerThan, olderThan }: DeadLetterFilter): LetterFilter => ({
    type,
    tenant,
    group,
    reasons: reason === undefined ? undefined : typeof reason === "string" ? [reason] : reason,
    diedAfter: newerThan === undefined ? undefined : clock.now() - toMs(newerThan, "newerThan"),
    // A millisecond more, so that "older than 0 s" takes what died just now.
    diedBefore: olderThan === undefined ? undefined : clock.now() - toMs(olderThan, "olderThan") + 1,
  });
  /** Another tenant's letter and one that does not exist answer alike. */
  const found = async (id: string): Promise<{ stored: StoredLetter; letter: DeadLetter } | undefined> => {
    const stored = await asked("deadLetters.get", () => box.get(id));
    if (!stored) return undefined;
    const letter = readLetter(stored);
    return tenant === undefined || letter.tenant === tenant ? { stored, letter } : undefined;
  };
  return {
    async *list(filter = {}) {
      const narrowed = filterOf(filter);
      let left = filter.limit ?? pageSize;
      let after: StoredLetter | undefined;
      while (left > 0) {
        const limit = Math.min(pageSize, left);
        const page: readonly StoredLetter[] = await asked("deadLetters.list", () =>
          box.list(narrowed, { limit, after }),
        );
        for (const stored of page) yield readLetter(stored);
        if (page.length < limit) return;
        left -= page.length;
        after = page.at(-1);
      }
    },
    get: async (id) => (await found(id))?.letter,
    groups: (filter = {}) => asked("deadLetters.groups", () => box.groups(filterOf(filter))),
    async redrive(id, options = {}) {
      const one = await found(id);
      if (!one) throw new SemelError("JOB_NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });
      return redrive(one.stored, options);
    },
    async purge(filter) {
      const narrowed = filterOf(filter);
      const { tenant: _own, ...asks } = narrowed;
      if (Object.values(asks).every((field) => field === undefined)) return 0;
      return asked("deadLetters.purge", () => box.purge(narrowed));
    },
  };
}
