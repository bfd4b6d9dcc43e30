import { afterEach, describe, expect, test } from "vitest";
import { type PostgresStore, postgresStore } from "../src/index.ts";
import { counting, fresh, hostOf, pool, rounds, serverUrl } from "./databases.ts";
import { claim, claimed, completed, ran, reserve, settle } from "./operations.ts";

const stores: PostgresStore[] = [];
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store[Symbol.asyncDispose]()));
});

/** Stores with connections of their own, as in different processes. */
async function several(count: number, connections = 4): Promise<{ stores: PostgresStore[]; schema: string }> {
  const schema = fresh("contention");
  const opened = Array.from({ length: count }, () => postgresStore({ url: serverUrl(), schema, connections }));
  stores.push(...opened);
  for (const store of opened) await store.start(hostOf("contention"));
  return { stores: opened, schema };
}

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

describe("compare-and-set, between connections", () => {
  const shared = pool(20);

  test("of 100 claims of one key at once, exactly one acquires", async () => {
    const { stores } = await several(5);
    for (const key of ["new", "reserved"]) {
      if (key === "reserved") await at(stores, 0).apply([reserve(key)]);
      const answers = await Promise.all(
        Array.from(
          { length: 100 },
          async (_, i) => (await at(stores, i).apply([claim(key, { owner: `owner ${i}` })]))[0],
        ),
      );
      expect(answers.filter(({ is }) => is === "acquired")).toHaveLength(1);
      expect(answers.filter(({ is }) => is === "busy")).toHaveLength(99);
    }
  });

  test("no repeat goes uncounted when 60 are enqueued at once", async () => {
    const { stores } = await several(5);
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => (await at(stores, i).apply([reserve("key", { id: `key.${i}` })]))[0]),
    );
    expect(answers.filter(({ is }) => is === "created")).toHaveLength(1);
    const [record] = await at(stores, 0).read(["key"]);
    expect(record?.duplicates).toBe(59);
  });

  test("of a settlement and the claims that find its lease over, one wins and no fence is given twice", async () => {
    const { stores } = await several(3);
    const fence = await claimed(at(stores, 0), "key", { leaseMs: 0 });
    const [settled, ...claims] = await Promise.all([
      at(stores, 0).apply([settle("key", fence, completed("1"))]),
      ...Array.from({ length: 8 }, (_, i) => at(stores, i).apply([claim("key", { owner: `owner ${i}` })])),
    ]);
    const acquired = claims.flat().filter(({ is }) => is === "acquired");
    expect(acquired).toHaveLength(settled[0].is === "settled" ? 0 : 1);
  });

  test("batches over the same keys in any order neither deadlock nor lose a write", async () => {
    const client = counting(shared(), "40P01");
    const schema = fresh("order");
    const stores = Array.from({ length: 6 }, () => postgresStore({ client, schema }));
    for (const store of stores) await store.start(hostOf("contention"));
    const keys = Array.from({ length: 12 }, (_, i) => `key ${i}`);
    const shuffled = (): string[] =>
      keys
        .map((key) => ({ key, by: Math.random() }))
        .sort((a, b) => a.by - b.by)
        .map(({ key }) => key);
    await Promise.all(
      Array.from({ length: rounds(30) }, async (_, i) => {
        const store = at(stores, i);
        const some = shuffled().slice(0, 8);
        await store.apply(some.map((key) => reserve(key, { id: `${key}.${i}` })));
        // Removals and new records in between: what is there for one batch is missing for another.
        await store.apply(
          some.flatMap((key) => [
            { op: "unreserve", key, id: `${key}.${i}` } as const,
            reserve(key, { id: `${key}.again${i}` }),
          ]),
        );
        if (i % 10 === 0) await store.forget({ key: at(keys, i) });
        if (i % 7 === 0) await store.sweep(10);
      }),
    );
    // Many that are new to everybody: inserts wait for each other too.
    for (let turn = 0; turn < rounds(2); turn++) {
      const claims = Array.from({ length: 200 }, (_, i) => claim(`new ${turn} ${i}`));
      await Promise.all(stores.map((store, i) => store.apply(i % 2 ? claims : claims.toReversed())));
    }
    expect(client.count).toBe(0);
  });

  test("what commits while an erasure waits for its record is erased too", async () => {
    const { stores, schema } = await several(2);
    const store = at(stores, 0);
    for (let i = 0; i < 20; i++) {
      const key = `key ${i}`;
      const fence = await claimed(store, key, { tenant: "acme" });
      await Promise.all([
        store.apply([settle(key, fence, completed('"personal"', { envelope: "personal" }))]).catch(() => undefined),
        at(stores, 1).forget({ tenant: "acme" }),
      ]);
      await store.forget({ tenant: "acme" });
    }
    const { rows } = await shared().query(
      `SELECT (SELECT count(*) FROM ${schema}.jobs) + (SELECT count(*) FROM ${schema}.parts) AS left`,
    );
    expect(Number(rows[0].left)).toBe(0);
  });

  test("a database that defaults to a stricter isolation makes no difference", async () => {
    const schema = fresh("strict");
    const url = serverUrl("-c default_transaction_isolation=serializable");
    const opened = [1, 2, 3].map(() => postgresStore({ url, schema }));
    stores.push(...opened);
    await Promise.all(opened.map((store) => store.start(hostOf("strict"))));
    const answers = await Promise.all(
      Array.from(
        { length: 30 },
        async (_, i) => (await at(opened, i).apply([claim("key", { owner: `owner ${i}` })]))[0],
      ),
    );
    expect(answers.filter(({ is }) => is === "acquired")).toHaveLength(1);
  });
});

describe("a connection that breaks", () => {
  const admin = pool(1);

  test("rejects the calls on it, and the next call works", async () => {
    const schema = fresh("broken");
    const host = hostOf("broken");
    const store = postgresStore({ url: serverUrl(), schema });
    stores.push(store);
    await store.start(host);
    await ran(store, "before", completed("1"));

    // A lock on the tables makes sure that the call is on its way when its connection is cut.
    const blocker = await admin().connect();
    await blocker.query("BEGIN");
    await blocker.query(`LOCK TABLE ${schema}.jobs IN ACCESS EXCLUSIVE MODE`);
    const call = store.apply([claim("key")]);
    const rejected = expect(call).rejects.toThrow();
    await expect
      .poll(
        async () =>
          (
            await blocker.query(
              `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${schema}%'`,
            )
          ).rows[0].n,
      )
      .toBe(1);
    await blocker.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'semel' AND query LIKE $1",
      [`%${schema}%`],
    );
    await blocker.query("ROLLBACK");
    blocker.release();
    await rejected;

    expect((await store.apply([claim("key")]))[0].is).toBe("acquired");
    expect(await store.result("before")).toBe("1");
  });

  test("is reported when it was idle, and does not end the process", async () => {
    const schema = fresh("idle");
    const host = hostOf("idle");
    const store = postgresStore({ url: serverUrl(), schema });
    stores.push(store);
    await store.start(host);
    await admin().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'semel' AND query LIKE $1",
      [`%${schema}%`],
    );
    await expect.poll(() => host.problems.length).toBe(1);
    expect(await store.read(["key"])).toEqual([undefined]);
  });
});
