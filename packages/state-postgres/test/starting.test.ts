import { describe, expect, test } from "vitest";
import { postgresStore } from "../src/index.ts";
import { tablesVersion } from "../src/tables.ts";
import { databases, fresh, hostOf, pool, recording, serverUrl } from "./databases.ts";

describe.each(databases)("start, on $name", ({ open }) => {
  const client = open();

  test("creates the tables, answers the server's time, and may be called again", async () => {
    const store = postgresStore({ client: client(), schema: fresh("start") });
    for (let times = 0; times < 2; times++) {
      const { now } = await store.start(hostOf("start"));
      expect(Math.abs(now - Date.now())).toBeLessThan(5_000);
    }
  });

  test("creates nothing where the tables are there", async () => {
    const schema = fresh("start");
    await postgresStore({ client: client(), schema }).start(hostOf("start"));
    const later = recording(client());
    await postgresStore({ client: later, schema }).start(hostOf("start"));
    expect(later.texts.filter((text) => !text.startsWith("SELECT"))).toEqual([]);
  });

  test("brings the tables of an older version up to date, and keeps what is in them", async () => {
    const schema = fresh("older");
    const before = postgresStore({ client: client(), schema });
    await before.start(hostOf("older"));
    const beat = { id: "w", where: "here", types: [], busy: 0, concurrency: 1, startedAt: 0, seenAt: 0 };
    await before.beat(beat, 60_000);
    // As version 1 left them.
    await client().query(`DROP TABLE ${schema}.outbox`);
    await client().query(`DELETE FROM ${schema}.migrations WHERE version > 1`);
    const after = postgresStore({ client: client(), schema });
    await after.start(hostOf("older"));
    expect(await after.workers()).toMatchObject([{ id: "w" }]);
    expect(await after.transactions?.due(1, 1_000)).toEqual([]);
  });

  test("refuses tables that a newer version has changed", async () => {
    const schema = fresh("newer");
    const store = postgresStore({ client: client(), schema });
    await store.start(hostOf("newer"));
    await client().query(`INSERT INTO ${schema}.migrations (version) VALUES (99)`);
    await expect(store.start(hostOf("newer"))).rejects.toMatchObject({
      code: "BACKEND_UNSAFE",
      details: { version: 99 },
    });
  });

  test("uses a schema that is there already, also one whose name needs quotes", async () => {
    const schema = fresh("User");
    await client().query(`CREATE SCHEMA "${schema}"`);
    await postgresStore({ client: client(), schema }).start(hostOf("start"));
    expect((await client().query(`SELECT version FROM "${schema}".migrations`)).rows).toHaveLength(tablesVersion);
  });
});

describe("start, on a server", () => {
  const client = pool(20);

  test.each(["read committed", "serializable"])(
    "of many processes at once on a fresh database, %s",
    async (isolation) => {
      const schema = fresh("race");
      const url = serverUrl(`-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`);
      const stores = Array.from({ length: 12 }, () => postgresStore({ url, schema, connections: 1 }));
      try {
        await Promise.all(stores.map((store) => store.start(hostOf("race"))));
        expect((await client().query(`SELECT version FROM ${schema}.migrations`)).rows).toHaveLength(tablesVersion);
      } finally {
        await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
      }
    },
  );

  test("needs no right to create anything once the tables are there", async () => {
    const schema = fresh("rights");
    const user = fresh("app");
    await postgresStore({ client: client(), schema }).start(hostOf("rights"));
    await client().query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
    await client().query(`GRANT USAGE ON SCHEMA ${schema} TO ${user}`);
    await client().query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${user}`);
    const url = new URL(serverUrl());
    url.username = user;
    url.password = "secret";
    const store = postgresStore({ url: url.href, schema });
    try {
      await store.start(hostOf("rights"));
      expect(await store.read(["key"])).toEqual([undefined]);
    } finally {
      await store[Symbol.asyncDispose]();
      await client().query(`DROP OWNED BY ${user}`);
      await client().query(`DROP ROLE ${user}`);
    }
  });

  test("warns of settings that lose confirmed work, and refuses a server that takes none", async () => {
    const started = async (settings: string): Promise<readonly string[]> => {
      const store = postgresStore({ url: serverUrl(settings), schema: fresh("settings") });
      try {
        return (await store.start(hostOf("settings"))).warnings;
      } finally {
        await store[Symbol.asyncDispose]();
      }
    };
    expect(await started("-c synchronous_commit=off")).toContainEqual(expect.stringContaining("synchronous_commit"));
    expect(await started("-c synchronous_commit=on")).not.toContainEqual(expect.stringContaining("synchronous_commit"));
    await expect(started("-c default_transaction_read_only=on")).rejects.toMatchObject({ code: "BACKEND_UNSAFE" });
  });
});

test.each([
  [{ version: 120_022, name: "PostgreSQL 12.22" }, "BACKEND_UNSAFE"],
  [{ encoding: "SQL_ASCII" }, "BACKEND_UNSAFE"],
])("start refuses a server with %o", async (setting, code) => {
  const settings = {
    now: 0,
    version: 180_000,
    name: "PostgreSQL 18",
    encoding: "UTF8",
    read_only: "off",
    fsync: "on",
    synchronous_commit: "on",
  };
  const client = { query: async () => ({ rows: [{ ...settings, ...setting }] }) };
  await expect(postgresStore({ client }).start(hostOf("old"))).rejects.toMatchObject({ code });
});
