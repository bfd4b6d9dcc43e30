import type { DeadReason, JobId, LetterFilter, StoredLetter } from "@semel/core/adapter";
import { expect } from "vitest";
import { completed, dead, type Job, letter, settle } from "./operations.ts";
import type { Promised, StoreStage } from "./stage.ts";

interface Death extends Partial<Pick<Job, "type" | "tenant">> {
  readonly reason?: DeadReason;
  readonly group?: string;
  readonly keepMs?: number;
}

export function letters(promised: Promised): void {
  promised("letters are listed newest first", async (stage) => {
    const ids = await die(stage, {}, {}, {});
    expect(await listed(stage, {})).toEqual([...ids].reverse());
  });

  promised("a list is read page by page, every letter once, also those of one moment", async (stage) => {
    const jobs = await Promise.all(Array.from({ length: 12 }, () => stage.running()));
    await stage.store.apply(jobs.map((running) => settle(running, dead())));
    const seen: JobId[] = [];
    let after: StoredLetter | undefined;
    for (let page = 0; page < 4; page++) {
      const found = await stage.letters.list({}, { limit: 5, after });
      expect(found).toHaveLength([5, 5, 2, 0][page] ?? 0);
      seen.push(...found.map(({ id }) => id));
      after = found.at(-1) ?? after;
    }
    expect([...seen].sort()).toEqual(jobs.map(({ job }) => job.id).sort());
  });

  promised("letters that come while a list is being read do not disturb its pages", async (stage) => {
    const ids = await die(stage, {}, {}, {}, {});
    const first = await stage.letters.list({}, { limit: 2 });
    await die(stage, {});
    const second = await stage.letters.list({}, { limit: 2, after: first.at(-1) });
    expect([...first, ...second].map(({ id }) => id)).toEqual([...ids].reverse());
  });

  promised(
    "letters that are purged while a list is being read do not disturb its pages, also of one moment",
    async (stage) => {
      const jobs = await Promise.all(Array.from({ length: 9 }, () => stage.running()));
      await stage.store.apply(jobs.map((running) => settle(running, dead())));
      const seen: JobId[] = [];
      let after: StoredLetter | undefined;
      for (let page = 0; page < 4; page++) {
        const found = await stage.letters.list({}, { limit: 3, after });
        for (const { id } of found) await stage.letters.purge({ id });
        seen.push(...found.map(({ id }) => id));
        after = found.at(-1) ?? after;
      }
      expect([...seen].sort()).toEqual(jobs.map(({ job }) => job.id).sort());
    },
  );

  promised("each field of a filter narrows, and so do several together", async (stage) => {
    const [a = "", b = "", c = "", d = ""] = await die(
      stage,
      { type: "mail.send", tenant: "acme", reason: "NON_RETRYABLE", group: "g1" },
      { type: "mail.send", tenant: "zeta", reason: "ATTEMPTS_EXHAUSTED", group: "g2" },
      { type: "ai.embed", tenant: "acme", reason: "CRASH_LOOP", group: "g1" },
      { type: "ai.embed" },
    );
    const cases: readonly (readonly [LetterFilter, readonly JobId[]])[] = [
      [{}, [d, c, b, a]],
      [{ type: "mail.send" }, [b, a]],
      [{ tenant: "acme" }, [c, a]],
      [{ reasons: ["CRASH_LOOP", "NON_RETRYABLE"] }, [c, a]],
      [{ reasons: [] }, []],
      [{ group: "g1" }, [c, a]],
      [{ group: "g1", type: "ai.embed" }, [c]],
      [{ tenant: "zeta", reasons: ["CRASH_LOOP"] }, []],
      [{ tenant: "" }, []],
      [{ type: undefined, tenant: undefined }, [d, c, b, a]],
    ];
    for (const [filter, expected] of cases)
      expect(await listed(stage, filter), JSON.stringify(filter)).toEqual(expected);
  });

  promised("a span of time includes its beginning and not its end", async (stage) => {
    const ids = await die(stage, {}, {}, {});
    const [first, second, third] = await Promise.all(ids.map((id) => stage.letters.get(id)));
    if (!first || !second || !third) throw new Error("a letter is missing");
    expect(await listed(stage, { diedAfter: second.diedAt })).toEqual([ids[2], ids[1]]);
    expect(await listed(stage, { diedBefore: second.diedAt })).toEqual([ids[0]]);
    expect(await listed(stage, { diedAfter: first.diedAt, diedBefore: third.diedAt })).toEqual([ids[1], ids[0]]);
  });

  promised("a letter is found by the id of its job", async (stage) => {
    const [id = ""] = await die(stage, {});
    const found = await stage.letters.get(id);
    expect(found).toMatchObject({ id, key: id.slice(0, 32) });
    expect(await stage.letters.get(`${id}x`)).toBeUndefined();
    const { job } = await stage.settled(completed());
    expect(await stage.letters.get(job.id), "of completed work").toBeUndefined();
  });

  promised("letters are grouped by type, reason and group, the most frequent first", async (stage) => {
    const frequent: Death = { type: "mail.send", reason: "NON_RETRYABLE", group: "g1" };
    const rare: Death = { type: "mail.send", reason: "NON_RETRYABLE", group: "g2" };
    const other: Death = { type: "mail.send", reason: "CRASH_LOOP", group: "g1", tenant: "acme" };
    const ids = await die(stage, rare, frequent, other, frequent, frequent, other);
    const groups = await stage.letters.groups({});
    expect(groups.map(({ type, reason, group, count }) => [type, reason, group, count])).toEqual([
      ["mail.send", "NON_RETRYABLE", "g1", 3],
      ["mail.send", "CRASH_LOOP", "g1", 2],
      ["mail.send", "NON_RETRYABLE", "g2", 1],
    ]);
    expect([ids[1], ids[3], ids[4]], "a letter of the group").toContain(groups[0]?.sample);
    expect(await stage.letters.groups({ tenant: "acme" })).toMatchObject([{ reason: "CRASH_LOOP", count: 2 }]);
    expect(await stage.letters.groups({ group: "none" })).toEqual([]);
  });

  promised("purging by filter removes what it matches, and no record", async (stage) => {
    const [a = "", b = "", c = ""] = await die(stage, { tenant: "acme" }, { tenant: "zeta" }, { tenant: "acme" });
    expect(await stage.letters.purge({ tenant: "acme" })).toBe(2);
    expect(await listed(stage, {})).toEqual([b]);
    for (const id of [a, b, c]) expect(await stage.record({ key: id.slice(0, 32) })).toMatchObject({ state: "dead" });
    expect(await stage.letters.purge({}), "of all that is left").toBe(1);
    expect(await listed(stage, {})).toEqual([]);
  });

  promised("purging by id removes that letter, once", async (stage) => {
    const [a = "", b = ""] = await die(stage, {}, {});
    expect(await stage.letters.purge({ id: a })).toBe(1);
    expect(await stage.letters.purge({ id: a })).toBe(0);
    expect(await listed(stage, {})).toEqual([b]);
  });

  promised("a letter whose time is over is gone from every answer", async (stage) => {
    const [gone = "", kept = ""] = await die(stage, { keepMs: stage.time.shortMs, group: "g1" }, { group: "g2" });
    await stage.time.pass(2 * stage.time.shortMs);
    expect(await stage.letters.get(gone)).toBeUndefined();
    expect(await listed(stage, {})).toEqual([kept]);
    expect(await stage.letters.groups({})).toMatchObject([{ group: "g2", count: 1 }]);
  });
}

/** Lets jobs die one after the other, each at a moment of its own; answers their ids. */
async function die(stage: StoreStage, ...deaths: readonly Death[]): Promise<readonly JobId[]> {
  const ids: JobId[] = [];
  for (const { reason = "ATTEMPTS_EXHAUSTED", group = "g0", keepMs = 3_600_000, ...over } of deaths) {
    const { job } = await stage.settled(dead({ reason, letter: letter({ group, keepMs }) }), over);
    ids.push(job.id);
    await stage.time.pass(3);
  }
  return ids;
}

const listed = async (stage: StoreStage, filter: LetterFilter): Promise<readonly JobId[]> =>
  (await stage.letters.list(filter, { limit: 100 })).map(({ id }) => id);
