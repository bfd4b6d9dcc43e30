import type { DeadReason, GuardKey, JobId, LetterBox, LetterFilter, StoredLetter } from "@semel/core/adapter";
import { type RedisClient, runScript } from "@semel/redis-connection";
import { beside, type Keys } from "./keys.ts";
import { text, type Unlisted } from "./replies.ts";
import { enterScript, groupsScript, metaScript, removeScript, stretchScript, sweepScript } from "./scripts/letters.ts";
import { shortId } from "./stored-id.ts";
import { fromText, toText } from "./text.ts";

type Group = Awaited<ReturnType<LetterBox["groups"]>>[number];

/** What the index knows of a letter. */
interface Entry {
  readonly id: JobId;
  readonly key: GuardKey;
  readonly type: string;
  readonly tenant: string | undefined;
  readonly reason: DeadReason;
  readonly group: string;
  readonly diedAt: number;
}

/** Ids looked at in one call: a filter that matches little must not keep Redis busy for long. */
const stretch = 500;

type Row = readonly [
  id: JobId,
  key: GuardKey,
  type: string,
  tenant: string | null,
  reason: DeadReason,
  group: string,
  diedAt: number,
  expiresAt: number,
];

const entryOf = ([id, key, type, tenant, reason, group, diedAt]: Row): Entry => ({
  id: fromText(id),
  key,
  type: fromText(type),
  tenant: text(tenant),
  reason,
  group: fromText(group),
  diedAt,
});

/**
 * The dead letters of one namespace: an index in one slot, and their bodies beside the records of their jobs. The body
 * is written with the settlement; the index follows, and a delivery that comes back finds it missing and repairs it.
 */
export class Letters {
  readonly #client: () => Promise<RedisClient>;
  readonly #keys: () => Keys;

  constructor(client: () => Promise<RedisClient>, keys: () => Keys) {
    this.#client = client;
    this.#keys = keys;
  }

  async #run(script: typeof enterScript, args: readonly (string | number)[]): Promise<unknown> {
    return runScript(await this.#client(), script, [this.#keys().letters], args);
  }

  async enter({ id, key, type, tenant, reason, group, diedAt, keepMs }: Unlisted): Promise<void> {
    const words = [toText(type), tenant === undefined ? false : toText(tenant), reason, toText(group)];
    await this.#run(enterScript, [toText(id), JSON.stringify([key, ...words, diedAt, diedAt + keepMs])]);
  }

  async list(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]> {
    const found: StoredLetter[] = [];
    for await (const entries of this.#matching(filter, page.after)) {
      for (let from = 0; from < entries.length && found.length < page.limit; ) {
        const some = entries.slice(from, from + page.limit - found.length);
        for (const letter of await Promise.all(some.map((entry) => this.#letter(entry))))
          if (letter) found.push(letter);
        from += some.length;
      }
      if (found.length >= page.limit) break;
    }
    return found;
  }

  async get(id: JobId): Promise<StoredLetter | undefined> {
    const row = (await this.#run(metaScript, [toText(id)])) as Row | null;
    return row ? this.#letter(entryOf(row)) : undefined;
  }

  async groups(filter: LetterFilter): Promise<readonly Group[]> {
    await this.sweepAll();
    const groups = isByGroup(filter) ? await this.#counted(filter) : await this.#collected(filter);
    return groups.toSorted((a, b) => b.count - a.count);
  }

  /** From the counters: as many steps as there are groups. */
  async #counted({ type, reasons, group }: LetterFilter): Promise<readonly Group[]> {
    const rows = (await this.#run(groupsScript, [])) as readonly [string, DeadReason, string, number, string | null][];
    return rows
      .map(([kind, reason, name, count, sample]) => ({
        type: fromText(kind),
        reason,
        group: fromText(name),
        count,
        sample: fromText(sample ?? ""),
      }))
      .filter(
        (one) =>
          (type === undefined || one.type === type) &&
          (reasons === undefined || reasons.includes(one.reason)) &&
          (group === undefined || one.group === group),
      );
  }

  /** From the letters themselves. */
  async #collected(filter: LetterFilter): Promise<readonly Group[]> {
    const groups = new Map<string, Group>();
    for await (const entries of this.#matching(filter)) {
      for (const { id, type, reason, group } of entries) {
        const name = JSON.stringify([type, reason, group]);
        const found = groups.get(name) ?? { type, reason, group, count: 0, sample: id };
        groups.set(name, { ...found, count: found.count + 1 });
      }
    }
    return [...groups.values()];
  }

  async purge(filter: LetterFilter | { readonly id: JobId }): Promise<number> {
    if ("id" in filter) return this.remove([filter.id]);
    let purged = 0;
    for await (const entries of this.#matching(filter)) purged += await this.remove(entries.map(({ id }) => id));
    return purged;
  }

  /** Answers how many there were. */
  async remove(ids: readonly JobId[]): Promise<number> {
    if (ids.length === 0) return 0;
    const keys = (await this.#run(removeScript, ids.map(toText))) as readonly (GuardKey | null)[];
    await Promise.all(ids.map((id, place) => this.#removeBody(keys[place] ?? undefined, id)));
    return keys.filter((key) => key !== null).length;
  }

  /** Removes letters whose time is over, at most `limit`. */
  async sweep(limit: number): Promise<number> {
    const removed = (await this.#run(sweepScript, [limit])) as readonly string[];
    const pairs = Array.from({ length: removed.length / 2 }, (_, at) => removed.slice(2 * at, 2 * at + 2));
    await Promise.all(pairs.map(([id = "", key]) => this.#removeBody(key, fromText(id))));
    return pairs.length;
  }

  /** Removes all letters whose time is over. */
  async sweepAll(): Promise<void> {
    while ((await this.sweep(stretch)) === stretch);
  }

  async #removeBody(key: GuardKey | undefined, id: JobId): Promise<void> {
    if (key === undefined) return;
    await (await this.#client()).call("hdel", this.#keys().record(key) + beside.letters, bodyOf(key, id));
  }

  async #letter({ id, key, diedAt }: Entry): Promise<StoredLetter | undefined> {
    const client = await this.#client();
    const body = text(await client.call("hget", this.#keys().record(key) + beside.letters, bodyOf(key, id)));
    if (body !== undefined) return { id, key, body, diedAt };
    // A body is written before its entry: one without is a leftover of an erasure.
    await this.remove([id]);
    return undefined;
  }

  /** Entries that match, newest first, stretch by stretch. */
  async *#matching(filter: LetterFilter, page?: StoredLetter): AsyncGenerator<readonly Entry[]> {
    const { diedAfter = 0, diedBefore = "" } = filter;
    let after: readonly [id: JobId, diedAt: number] | undefined = page && [toText(page.id), page.diedAt];
    do {
      const [id = "", diedAt = ""] = after ?? [];
      const args = [lineOf(filter), diedBefore, diedAfter, diedAt, id, stretch];
      const [last, ...rows] = (await this.#run(stretchScript, args)) as [typeof after | null, ...Row[]];
      yield rows.map(entryOf).filter((entry) => matches(entry, filter));
      after = last ?? undefined;
    } while (after);
  }
}

/** The name of a letter's body beside the record. */
const bodyOf = (key: GuardKey, id: JobId): string => toText(shortId(key, id));

/** The shortest of the lines that hold all that match. */
function lineOf({ type, tenant, group }: LetterFilter): string {
  if (group !== undefined) return `:group:${toText(group)}`;
  if (tenant !== undefined) return `:tenant:${toText(tenant)}`;
  return type === undefined ? "" : `:type:${toText(type)}`;
}

const matches = (entry: Entry, { type, tenant, reasons, group }: LetterFilter): boolean =>
  (type === undefined || entry.type === type) &&
  (tenant === undefined || entry.tenant === tenant) &&
  (reasons === undefined || reasons.includes(entry.reason)) &&
  (group === undefined || entry.group === group);

/** Whether the counters alone can answer. */
const isByGroup = ({ tenant, diedAfter, diedBefore }: LetterFilter): boolean =>
  tenant === undefined && diedAfter === undefined && diedBefore === undefined;
