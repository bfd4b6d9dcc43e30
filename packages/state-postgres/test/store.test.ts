import { beforeAll, describe, expect, test } from "vitest";
import { type PostgresStore, postgresStore } from "../src/index.ts";
import { databases, fresh, hostOf, recording, withClock } from "./databases.ts";
import { claim, claimed, completed, dead, ran, reserve, settle } from "./operations.ts";

const day = 86_400_000;
/** What `text` columns and JSON types choke on. */
const awkward = [
  "a\0b",
  "\0",
  "lone \ud800 half",
  "\udc00",
  "\u0001a",
  '\u0001"a"',
  "",
  '"',
  "\\",
  "NULL",
  "{a,b}",
  "ü😀\u2028",
];

describe.each(databases)("the store on $name", ({ open }) => {
  const client = open();
  const schema = fresh("store");
  let now = 1_790_000_000_000;
  beforeAll(async () => void (await started()), 30_000);

  async function started(namespace = fresh("space")): Promise<PostgresStore> {
    const store = postgresStore({ client: withClock(client(), { now: () => now }), schema });
    await store.start(hostOf(namespace));
    return store;
  }

  test("a batch is two statements, however much is in it; one if nothing is to be written; none if it is empty", async () => {
    const sent = recording(client());
    const store = postgresStore({ client: sent, schema });
    await store.start(hostOf("statements"));
    const keys = Array.from({ length: 32 }, () => fresh("key"));
    const statements = async (call: () => Promise<unknown>): Promise<number> => {
      const before = sent.texts.length;
      await call();
      return sent.texts.length - before;
    };
    const answers = await Promise.all(keys.map((key) => claimed(store, key)));
    expect(
      await statements(() =>
        store.apply(keys.flatMap((key, i) => [settle(key, answers[i] ?? 0, completed("1")), reserve(key)])),
      ),
    ).toBe(2);
    expect(await statements(() => store.apply(keys.map((key) => claim(key))))).toBe(1);
    expect(await statements(() => store.apply([]))).toBe(0);
    expect(await statements(() => store.read([]))).toBe(0);
  });

  test("operations of one batch see each other", async () => {
    const store = await started();
    const answers = await store.apply([
      reserve("seen"),
      { op: "unreserve", key: "seen", id: "seen.a" },
      reserve("seen", { id: "seen.b" }),
      claim("seen", { id: "seen.b" }),
      { op: "cancel", key: "seen", id: "seen.b", by: "somebody", keepMs: 0 },
    ]);
    expect(answers.map(({ is }) => is)).toEqual(["created", "gone", "created", "acquired", "requested"]);
    await store.forget({ key: "seen" });
  });

  test("a step that a new run clears and begins again in one batch is there", async () => {
    const store = await started();
    const key = fresh("key");
    const begin = (fence: number) =>
      ({ op: "step-begin", key, owner: "owner", fence, step: "s", onUncertain: "ask", leaseMs: 1_000 }) as const;
    const fence = await claimed(store, key);
    await store.apply([begin(fence), { ...begin(fence), op: "step-end", as: { is: "done", value: "old" } }]);
    await store.apply([settle(key, fence, dead())]);
    now += 1_000;
    const next = now * 1000;
    const [, , again] = await store.apply([
      reserve(key, { id: `${key}.b`, force: true }),
      claim(key, { id: `${key}.b` }),
      begin(next),
      { ...begin(next), op: "step-end", as: { is: "done", value: "new" } },
    ]);
    expect(again).toEqual({ is: "run", repeated: false });
    expect(await store.apply([begin(next)])).toEqual([{ is: "memo", value: "new" }]);
  });

  test("opaque texts come back as they went, whatever is in them", async () => {
    for (const [i, text] of awkward.entries()) {
      const store = await started();
      const key = `${fresh("key")} ${text}`;
      const fence = await claimed(store, key, { tenant: text, type: text, lane: text });
      const held = { key, owner: "owner", fence, step: text } as const;
      await store.apply([{ ...held, op: "step-begin", onUncertain: "ask", leaseMs: 1_000 }]);
      await store.apply([{ ...held, op: "step-end", as: { is: "done", value: text } }]);
      expect(await store.apply([{ ...held, op: "step-begin", onUncertain: "ask", leaseMs: 1_000 }])).toEqual([
        { is: "memo", value: text },
      ]);
      await store.apply([settle(key, fence, completed(text, { envelope: text, followUps: text }))]);
      expect(await store.result(key)).toBe(text);
      expect(await store.envelope(key)).toBe(text);
      expect(await store.apply([claim(key), reserve(key)])).toMatchObject([{ followUps: text }, { result: text }]);

      const other = `${key} dead`;
      await ran(store, other, dead({ letter: { group: text, body: text, keepMs: day } }), {
        id: `id ${i} ${text}`,
        tenant: text,
        type: text,
      });
      expect(await store.list({ group: text, tenant: text, type: text }, { limit: 9 })).toMatchObject([
        { id: `id ${i} ${text}`, key: other, body: text },
      ]);
      expect(await store.groups({})).toMatchObject([{ type: text, group: text }]);
      expect(await store.get(`id ${i} ${text}`)).toMatchObject({ body: text });
      expect(await store.forget({ tenant: text })).toBe(2);
      expect(await store.list({}, { limit: 9 })).toEqual([]);
    }
  });

  test("what has expired counts as absent, and is swept with everything beside it, not more than asked for at once", async () => {
    const store = await started();
    const keys = Array.from({ length: 5 }, () => fresh("key"));
    for (const key of keys) await ran(store, key, completed("1", { keepMs: day, envelope: "e" }));
    await ran(store, "dead", dead(), { id: fresh("id") });
    // Past the jobs' deadline as well, which a record outlives by an hour.
    now += day + 7_200_000;
    expect(await store.read(keys)).toEqual(keys.map(() => undefined));
    expect(await store.result(keys[0] ?? "")).toBeUndefined();
    expect(await store.list({}, { limit: 9 })).toEqual([]);
    const counts = [await store.sweep(4), await store.sweep(4), await store.sweep(4)];
    expect(counts).toEqual([5, 1, 0]);
    const { rows } = await client().query(
      `SELECT count(*)::int AS left FROM ${schema}.parts WHERE key = ANY ($1::text[])`,
      [keys],
    );
    expect(rows).toEqual([{ left: 0 }]);
    // Its letter was over with the day; the record of the dead outlives it by one more.
    expect(await store.read(["dead"])).toMatchObject([{ state: "dead" }]);
    await store.forget({ key: "dead" });
  });

  test("fences grow across the expiry of a record", async () => {
    const store = await started();
    const key = fresh("key");
    const before = await claimed(store, key);
    await store.apply([settle(key, before, completed(undefined))]);
    now += 10 * day;
    expect(await claimed(store, key)).toBeGreaterThan(before);
  });

  test("one namespace neither sees nor touches what is another's", async () => {
    const [ours, theirs] = [await started(), await started()];
    const key = fresh("key");
    await ran(theirs, key, dead(), { tenant: "acme", id: `${key}.a` });
    await theirs.beat({ id: "w", where: "here", types: [], busy: 0, concurrency: 1, startedAt: 1, seenAt: 0 }, 1_000);
    expect(await ours.list({}, { limit: 9 })).toEqual([]);
    expect(await ours.groups({})).toEqual([]);
    expect(await ours.get(`${key}.a`)).toBeUndefined();
    expect(await ours.purge({})).toBe(0);
    expect(await ours.purge({ id: `${key}.a` })).toBe(0);
    expect(await ours.forget({ tenant: "acme" })).toBe(0);
    expect(await ours.workers()).toEqual([]);
    now += 3 * day;
    expect(await ours.sweep(100)).toBe(0);
    expect(await theirs.sweep(100)).toBe(2);
  });

  test("the same keys and ids in two namespaces are different work", async () => {
    const [ours, theirs] = [await started(), await started()];
    const [done, died, running] = [fresh("done"), fresh("died"), fresh("running")];
    for (const [store, text] of [
      [ours, "ours"],
      [theirs, "theirs"],
    ] as const) {
      expect(await store.read([done, died, running])).toEqual([undefined, undefined, undefined]);
      await ran(store, done, completed(text, { envelope: text, followUps: text }));
      await ran(store, died, dead({ letter: { group: text, body: text, keepMs: day } }), { id: "the letter" });
      const fence = await claimed(store, running);
      const held = { key: running, owner: "owner", fence, step: "s" } as const;
      expect(await store.apply([{ ...held, op: "step-begin", onUncertain: "ask", leaseMs: day }])).toMatchObject([
        { is: "run" },
      ]);
      await store.apply([{ ...held, op: "step-end", as: { is: "done", value: text } }]);
    }
    const kept = async (store: PostgresStore): Promise<unknown> => {
      const [, , record] = await store.read([done, died, running]);
      const again = { key: running, owner: "owner", fence: record?.fence ?? 0, step: "s" } as const;
      return [
        await store.result(done),
        await store.envelope(done),
        await store.apply([claim(done), { ...again, op: "step-begin", onUncertain: "ask", leaseMs: day }]),
        (await store.get("the letter"))?.body,
        (await store.list({}, { limit: 9 })).map(({ body }) => body),
      ];
    };
    const all = (text: string) => [
      text,
      text,
      [
        { is: "finished", followUps: text },
        { is: "memo", value: text },
      ],
      text,
      [text],
    ];
    expect(await kept(ours)).toMatchObject(all("ours"));
    expect(await kept(theirs)).toMatchObject(all("theirs"));

    // Whatever ends something here leaves it alone there.
    await theirs.apply([{ op: "cancel", key: running, id: `${running}.a`, by: "somebody", keepMs: 0 }]);
    expect(await ours.read([running])).toMatchObject([{ state: "running" }]);
    expect((await ours.read([running]))[0]).not.toHaveProperty("cancelRequested");
    for (const key of [done, died, running]) expect(await theirs.forget({ key })).toBe(1);
    expect(await theirs.list({}, { limit: 9 })).toEqual([]);
    expect(await theirs.purge({ id: "the letter" })).toBe(0);
    expect(await kept(ours)).toMatchObject(all("ours"));
    now += 10 * day;
    await theirs.sweep(100);
    expect(await ours.sweep(100)).toBe(4);
  });

  test("pages of letters are complete, also of one millisecond, and also when the last one of a page is gone", async () => {
    const store = await started();
    const ids = Array.from({ length: 7 }, (_, i) => `${fresh("id")}.${i}`);
    for (const id of ids) await ran(store, `key of ${id}`, dead(), { id });
    const seen: string[] = [];
    for (let after = undefined as Awaited<ReturnType<typeof store.list>>[number] | undefined; ; ) {
      const page = await store.list({}, { limit: 3, after });
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1);
      if (!after) break;
      await store.purge({ id: after.id });
      if (seen.length > 50) break;
    }
    // With its place gone, a page may begin anew with what died in the same millisecond; nothing is left out.
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  test("workers are known as long as they asked for", async () => {
    const store = await started();
    const beat = {
      id: "worker \0",
      where: "host:1",
      types: [{ type: "mail", version: 1 }],
      busy: 1,
      concurrency: 5,
      startedAt: 1,
      seenAt: 0,
    };
    await store.beat(beat, 1_000);
    await store.beat({ ...beat, id: "other" }, 5_000);
    await store.beat({ ...beat, busy: 2 }, 1_000);
    expect(await store.workers()).toEqual([
      { ...beat, busy: 2, seenAt: now },
      { ...beat, id: "other", seenAt: now },
    ]);
    now += 1_000;
    expect(await store.workers()).toMatchObject([{ id: "other" }]);
    await store.beat({ ...beat, id: "other" }, 0);
    expect(await store.workers()).toEqual([]);
    await store.sweep(1);
    expect((await client().query(`SELECT 1 FROM ${schema}.workers WHERE id LIKE '%worker%'`)).rows).toEqual([]);
  });

  test("an error does not carry what people stored", async () => {
    const store = await started();
    // More than an index takes.
    const long = Array.from({ length: 20_000 }, () => Math.random().toString(36)).join("");
    const thrown: unknown = await store.apply([reserve(long)]).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Error);
    expect(JSON.stringify({ ...(thrown as object) })).not.toContain(long.slice(0, 100));
  });
});
