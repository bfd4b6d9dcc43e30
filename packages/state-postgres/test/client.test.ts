import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { expect, expectTypeOf, test, vi } from "vitest";
import { type PostgresStoreOptions, postgresStore, type SqlClient } from "../src/index.ts";
import { fresh, hostOf, pool, serverUrl } from "./databases.ts";

const shared = pool(2);

test("pools, connections and PGlite fit as they are", () => {
  expectTypeOf<pg.Pool>().toExtend<SqlClient>();
  expectTypeOf<pg.Client>().toExtend<SqlClient>();
  expectTypeOf<PGlite>().toExtend<SqlClient>();
  postgresStore({ client: () => PGlite.create(), close: (db) => db.close() });
  expect(pg.Pool).toBeDefined();
});

test("nothing is connected before the first call", async () => {
  let asked = 0;
  const store = postgresStore({
    schema: fresh("lazy"),
    client: () => {
      asked++;
      return shared();
    },
  });
  expect(asked).toBe(0);
  await Promise.all([store.start(hostOf("lazy")), store.read(["key"]).catch(() => undefined)]);
  expect(asked).toBe(1);
});

test("a client that cannot be made is asked for again at the next call", async () => {
  let asked = 0;
  const store = postgresStore({
    schema: fresh("again"),
    client: async () => {
      if (++asked === 1) throw new Error("not yet");
      return shared();
    },
  });
  await expect(store.start(hostOf("again"))).rejects.toThrow("not yet");
  await store.start(hostOf("again"));
});

test("a client that was handed in stays open; one that was handed over is closed once, if there was one", async () => {
  const closed: SqlClient[] = [];
  const close = (client: SqlClient): void => void closed.push(client);
  const ours = postgresStore({ client: shared(), schema: fresh("close") });
  await ours.start(hostOf("close"));
  await ours[Symbol.asyncDispose]();
  expect((await shared().query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await expect(ours.read(["key"])).rejects.toMatchObject({ code: "CLOSED" });

  const theirs = postgresStore({ client: shared, close, schema: fresh("close") });
  await theirs.start(hostOf("close"));
  for (let times = 0; times < 2; times++) await theirs[Symbol.asyncDispose]();
  expect(closed).toEqual([shared()]);

  await postgresStore({ client: () => shared(), close })[Symbol.asyncDispose]();
  expect(closed).toHaveLength(1);
});

test("a pool of the store's own ends with it, after the calls that are under way", async () => {
  const schema = fresh("own");
  const store = postgresStore({ url: serverUrl(), schema, connections: 1 });
  await store.start(hostOf("own"));
  const calls = Array.from({ length: 5 }, () => store.read(["key"]));
  const ended = store[Symbol.asyncDispose]();
  const results = await Promise.allSettled(calls);
  await ended;
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "CLOSED" });
  // The server ends a session a moment after its connection.
  await vi.waitFor(async () => {
    const { rows } = await shared().query(
      "SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'semel' AND query LIKE $1",
      [`%${schema}%`],
    );
    expect(rows).toEqual([{ open: 0 }]);
  }, 10_000);
});

test.each<[Record<string, unknown>, string]>([
  [{}, "client"],
  [{ client: {}, url: "postgres://" }, "client"],
  [{ url: "postgres://", schema: 'a"b' }, "schema"],
  [{ url: "postgres://", schema: "" }, "schema"],
  [{ url: "postgres://", maxValueBytes: 0 }, "maxValueBytes"],
  [{ url: "postgres://", shema: "a" }, "postgresStore.shema"],
])("options that cannot work are refused at once: %o", (options, option) => {
  const make = (): unknown => postgresStore(options as unknown as PostgresStoreOptions);
  expect(make).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID", details: expect.objectContaining({ option }) }),
  );
});
