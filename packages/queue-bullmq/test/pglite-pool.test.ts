import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { pglitePool } from "../src/index.ts";

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
}, 60_000);
afterAll(() => db.close());
beforeEach(() => db.exec("DROP TABLE IF EXISTS note; CREATE TABLE note (text text)"));

const notes = async (): Promise<readonly string[]> =>
  (await db.query<{ text: string }>("SELECT text FROM note ORDER BY text")).rows.map(({ text }) => text);

test("a transaction keeps all others waiting, also those who use the PGlite directly", async () => {
  const pool = pglitePool(db);
  const client = await pool.connect();
  await client.query("BEGIN");
  await client.query("INSERT INTO note VALUES ('within')");
  const order: string[] = [];
  const others = [
    db.query("INSERT INTO note VALUES ('direct')").then(() => order.push("direct")),
    pool.query("INSERT INTO note VALUES ($1)", ["pooled"]).then(() => order.push("pooled")),
    db.transaction((tx) => tx.query("INSERT INTO note VALUES ('transaction')")).then(() => order.push("transaction")),
  ];
  await client.query("SELECT pg_sleep(0.05)");
  expect(order).toEqual([]);
  await client.query("ROLLBACK");
  client.release();
  await Promise.all(others);
  expect(await notes()).toEqual(["direct", "pooled", "transaction"]);
});

test("clients' transactions come one after the other and never mix", async () => {
  const pool = pglitePool(db);
  const run = async (name: number): Promise<void> => {
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO note VALUES ($1)", [`${name}-a`]);
    await client.query("INSERT INTO note VALUES ($1)", [`${name}-b`]);
    await client.query(name % 2 ? "COMMIT" : "ROLLBACK");
    client.release();
  };
  const direct = Array.from({ length: 50 }, (_, index) =>
    db.query("INSERT INTO note VALUES ($1)", [`direct-${index}`]),
  );
  await Promise.all([...Array.from({ length: 20 }, (_, index) => run(index)), ...direct]);
  const found = await notes();
  expect(found.filter((text) => text.startsWith("direct"))).toHaveLength(50);
  expect(found.filter((text) => /^\d/.test(text))).toHaveLength(20);
});

test("a statement that fails within a transaction fails it, and nobody else", async () => {
  const client = await pglitePool(db).connect();
  await client.query("BEGIN");
  await client.query("INSERT INTO note VALUES ('lost')");
  await expect(client.query("SELECT nonsense")).rejects.toMatchObject({ code: "42703" });
  const other = db.query("INSERT INTO note VALUES ('kept')");
  await client.query("ROLLBACK");
  await other;
  expect(await notes()).toEqual(["kept"]);
  client.release();
});

test("a client given back within a transaction lets the others go on", async () => {
  const client = await pglitePool(db).connect();
  await client.query("BEGIN");
  await client.query("INSERT INTO note VALUES ('lost')");
  client.release();
  await db.query("INSERT INTO note VALUES ('kept')");
  expect(await notes()).toEqual(["kept"]);
});

test("notifications reach every client until it is given back", async () => {
  const pool = pglitePool(db);
  const [first, second] = [await pool.connect(), await pool.connect()];
  const heard: string[] = [];
  first.on("notification", ({ channel, payload }) => heard.push(`first ${channel} ${payload}`));
  second.on("notification", ({ channel, payload }) => heard.push(`second ${channel} ${payload}`));
  await first.query("LISTEN news");
  await pool.query("NOTIFY news, 'one'");
  second.release();
  await pool.query("NOTIFY news, 'two'");
  expect(heard).toEqual(["first news one", "second news one", "first news two"]);
  first.release();
});

test("whole numbers come as node-postgres gives them", async () => {
  const { rows } = await pglitePool(db).query("SELECT 1::bigint AS big, 2::int AS small, $1::text AS text", ["x"]);
  expect(rows).toEqual([{ big: "1", small: 2, text: "x" }]);
});
