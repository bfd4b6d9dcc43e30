import { OptionInvalidError } from "../errors/option-invalid.ts";
import { type DeadLetter, letterFacts, readLetter } from "./dead-letter.ts";
import { type Desk, pageSize, pages } from "./desk.ts";
import { type DeadLetterFilter, narrowed, narrows } from "./filter.ts";
import type { StoredLetter } from "./letter-box.ts";
import { takersOf } from "./prospect.ts";
import type { DeadReason } from "./reason.ts";
import { checkRedriveOptions, type RedriveOptions } from "./redrive-options.ts";
import type { RedrivePlan, RedrivePlanFilter } from "./redrive-plan.ts";
import { RedriveRun } from "./redrive-run.ts";
import * as refusal from "./refusal.ts";
import { survey } from "./survey.ts";

/** What was brought back so often and died again has to be looked at by somebody. */
const defaultMaxRedrives = 3;

export interface DeadLetterGroup {
  readonly group: string;
  readonly type: string;
  readonly reason: DeadReason;
  readonly count: number;
  /** One of them, to look at. */
  readonly sample: string;
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
   * the id of the first time. Once it has answered, the letter is gone; after an error it is there.
   * @throws `JOB_NOT_FOUND` when there is no such letter; `JOB_REPLAYED` when its work has completed since;
   * `JOB_SUPERSEDED` when another job stands for it; `TYPE_UNATTENDED` when no living worker processes its type;
   * `FOLLOW_UPS_UNSENT`; `ENVELOPE_INVALID`; `OPTION_INVALID` for a finding about a letter that asks for none.
   */
  redrive(id: string, options?: RedriveOptions): Promise<string>;
  /**
   * Says what bringing back all that match would do, and changes nothing; `run` of what it answers does it. Reads every
   * letter once, so it takes as long as that; how much it remembers does not grow with them.
   *
   * @example
   * const plan = await semel.deadLetters.plan({ type: "embed-chunk", newerThan: "1d" });
   * for (const { count, type, reason, becomes, why } of plan.groups) console.log(count, type, reason, becomes, why ?? "");
   * const report = await plan.run({ rate: 50, onProgress: ({ looked, total }) => console.log(`${looked} of ${total}`) });
   */
  plan(filter?: RedrivePlanFilter): Promise<RedrivePlan>;
  /** Removes letters for good; answers how many. An empty filter removes nothing: say `{ olderThan: "0s" }` for all. */
  purge(filter: DeadLetterFilter): Promise<number>;
}

/** The operator's view of a letter box; of one tenant's letters where a tenant is given. */
export function deadLettersOf(desk: Desk): DeadLetters {
  const { box, store, clock, tenant, asked } = desk;
  /** Another tenant's letter and one that does not exist answer alike. */
  const found = async (id: string): Promise<StoredLetter | undefined> => {
    const stored = await asked("deadLetters.get", () => box.get(id));
    return stored && (tenant === undefined || letterFacts(stored).tenant === tenant) ? stored : undefined;
  };
  return {
    async *list(filter = {}) {
      const { limit = pageSize } = filter;
      if (limit !== Number.POSITIVE_INFINITY && (!Number.isInteger(limit) || limit < 0))
        throw new OptionInvalidError("deadLetters.list.limit", "a whole number from 0, or Infinity", limit);
      for await (const page of pages(desk, narrowed(filter, clock.now(), tenant, ["limit"]), { limit }))
        for (const stored of page) yield readLetter(stored);
    },
    async get(id) {
      const stored = await found(id);
      return stored && readLetter(stored);
    },
    async groups(filter = {}) {
      const asks = narrowed(filter, clock.now(), tenant);
      return asked("deadLetters.groups", () => box.groups(asks));
    },
    async redrive(id, options = {}) {
      const { unattended, ...how } = checkRedriveOptions(options);
      const stored = await found(id);
      if (!stored) throw refusal.notFound(id);
      const { type } = letterFacts(stored);
      if (unattended === "refuse") {
        const workers = await asked("deadLetters.redrive", () => store.workers());
        if (takersOf(type, workers).length === 0) throw refusal.unattended(id, type);
      }
      return (await desk.redrive(stored, how)).id;
    },
    async plan(filter = {}) {
      const { maxRedrives = defaultMaxRedrives } = filter;
      if (maxRedrives !== Number.POSITIVE_INFINITY && (!Number.isInteger(maxRedrives) || maxRedrives < 0))
        throw new OptionInvalidError("deadLetters.plan.maxRedrives", "a whole number from 0, or Infinity", maxRedrives);
      const asks = narrowed(filter, clock.now(), tenant, ["maxRedrives"]);
      const { first, ...found } = await survey(desk, asks, maxRedrives);
      return {
        ...found,
        run: async (options = {}) =>
          new RedriveRun(desk, { filter: asks, first, total: found.total, maxRedrives }, options).end(),
      };
    },
    async purge(filter) {
      const asks = narrowed(filter, clock.now(), tenant);
      if (!narrows(filter)) return 0;
      return asked("deadLetters.purge", () => box.purge(asks));
    },
  };
}
