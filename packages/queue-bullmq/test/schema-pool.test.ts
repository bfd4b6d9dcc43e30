import { startLastWordProxy } from "@semel/repo-tools/last-word-proxy";
import { startPostgres } from "@semel/repo-tools/postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { SchemaPool } from "../src/postgres/schema-pool.ts";

let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server.stop());

test("a session that breaks while it is prepared rejects the call, and the next call gets another", async () => {
  const pool = new pg.Pool({ connectionString: server.url, max: 2 });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  onTestFinished(async () => {
    await pool.end();
    await admin.end();
  });
  let broke: Promise<unknown> = Promise.resolve();
  pool.once("connect", (client) => {
    const { query } = client;
    // Cut after it was handed out, before its first statement is answered.
    client.query = async function cut(this: pg.PoolClient, ...statement: unknown[]) {
      client.query = query;
      // Not `once` of node:events, which rejects where the error comes before the end.
      broke = new Promise((resolve) => client.once("end", resolve));
      await admin.query("SELECT pg_terminate_backend($1)", [(client as unknown as { processID: number }).processID]);
      return Reflect.apply(query, client, statement);
    } as typeof client.query;
  });

  const sessions = new SchemaPool(pool, "public", false);
  await expect(sessions.query("SELECT 1")).rejects.toThrow();
  // Its error event is out by then; had nobody listened, it would have ended the process.
  await broke;
  expect((await sessions.query("SELECT current_schema() AS name")).rows).toEqual([{ name: "public" }]);
});

test("a session that is ended in the packet in which it began ends no process", async () => {
  const proxy = await startLastWordProxy({ url: server.url });
  const pool = new pg.Pool({ connectionString: proxy.url, max: 2 });
  onTestFinished(async () => {
    await pool.end();
    await proxy.stop();
  });
  const sessions = new SchemaPool(pool, "public", false);
  await expect(sessions.query("SELECT 1")).rejects.toThrow();
  expect((await sessions.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
});
