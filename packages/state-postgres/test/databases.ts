import { randomUUID } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import type { Clock, Host } from "@semel/core/adapter";
import { sqlAt } from "@semel/repo-tools/turned-time";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import type { SqlClient } from "../src/index.ts";

/**
 * The address of the server that the project's global setup has started.
 * @param settings of each connection, as `-c name=value`
 */
export function serverUrl(settings?: string): string {
  const given = process.env.SEMEL_TEST_PG_URL;
  if (given) {
    const url = new URL(given);
    if (settings) url.searchParams.set("options", settings);
    // A space has to be %20 here: pg does not read + as one.
    return url.href.replaceAll("+", "%20");
  }
  throw new Error("SEMEL_TEST_PG_URL is not set: the tests of this package run in the vitest project state-postgres");
}

/** Both kinds of database; each is opened for the file that asks and closed after it. */
export const databases: readonly { readonly name: string; open(): () => SqlClient }[] = [
  {
    name: "PostgreSQL",
    open: () =>
      openedForFile(
        async () => new pg.Pool({ connectionString: serverUrl(), max: 10 }),
        (pool) => pool.end(),
      ),
  },
  {
    name: "PGlite",
    open: () =>
      openedForFile(
        () => PGlite.create(),
        (db) => db.close(),
      ),
  },
];

function openedForFile<Client extends SqlClient>(
  open: () => Promise<Client>,
  close: (client: Client) => Promise<void>,
): () => Client {
  let client: Client | undefined;
  beforeAll(async () => {
    client = await open();
  }, 60_000);
  afterAll(async () => {
    if (!client) return;
    // The server may be somebody's own, and outlive these tests.
    const { rows } = await client.query("SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1::text[])", [
      [...used],
    ]);
    for (const row of rows) await client.query(`DROP SCHEMA "${(row as { nspname: string }).nspname}" CASCADE`);
    await close(client);
  }, 60_000);
  return () => {
    if (client) return client;
    throw new Error("the database is opened in beforeAll");
  };
}

/** A pool of its own for the file, for tests that need several connections at once. */
export const pool = (max = 10): (() => pg.Pool) =>
  openedForFile(
    async () => new pg.Pool({ connectionString: serverUrl(), max }),
    (opened) => opened.end(),
  );

/** The names that this file has used. */
const used = new Set<string>();
/** A name nobody has used yet, also not an earlier run on the same server. Schemas of such a name are dropped at the end. */
export function fresh(what: string): string {
  const name = `${what}_${randomUUID().slice(0, 8)}_${used.size}`;
  used.add(name);
  return name;
}

/** How much of what is left to chance: `SEMEL_TEST_ROUNDS=10` for ten times as much as on every run. */
export const rounds = (usual: number): number => usual * Number(process.env.SEMEL_TEST_ROUNDS ?? 1);

/** The statements go to `client`, and their texts are kept. */
export function recording(client: SqlClient): SqlClient & { readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    query(text, params) {
      texts.push(text);
      return client.query(text, params);
    },
  };
}

/** Counts the errors of one SQLSTATE, which the store may have healed by asking again. */
export function counting(client: SqlClient, state: string): SqlClient & { readonly count: number } {
  let count = 0;
  return {
    get count() {
      return count;
    },
    query: (text, params) =>
      client.query(text, params).catch((error: unknown) => {
        if ((error as { code?: string }).code === state) count++;
        throw error;
      }),
  };
}

/** A client whose server seems to have the time of `clock`. */
export const withClock = (client: SqlClient, clock: Pick<Clock, "now">): SqlClient => sqlAt(client, () => clock.now());

/** A client whose server seems to be ahead by so many milliseconds, also inside of transactions. */
export function withLeap(client: SqlClient, leapMs: () => number): SqlClient {
  const leaping = (one: SqlClient): SqlClient => ({
    query: (text, params) =>
      one.query(text.replaceAll("clock_timestamp()", `(clock_timestamp() + interval '${leapMs()} ms')`), params),
  });
  const own = leaping(client);
  if (client instanceof PGlite) {
    const transaction: PGlite["transaction"] = (work) =>
      client.transaction((tx) => work(Object.assign(tx, leaping({ query: tx.query.bind(tx) }))));
    return Object.assign(own, { transaction });
  }
  const connect = async () => {
    const one = await (client as pg.Pool).connect();
    return Object.assign(Object.create(one) as pg.PoolClient, leaping(one), { release: one.release.bind(one) });
  };
  return Object.assign(own, { totalCount: 1, connect });
}

export function hostOf(namespace: string, clock: Partial<Clock> = {}): Host & { readonly problems: string[] } {
  const problems: string[] = [];
  const unused = (): never => {
    throw new Error("the store has a clock of its own");
  };
  return {
    namespace,
    clock: { now: unused, monotonic: unused, timer: unused, ...clock },
    problems,
    report: ({ text }) => void problems.push(text),
  };
}
