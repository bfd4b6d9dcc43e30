import { SemelError } from "@semel/core";
import type { EpochMs } from "@semel/core/adapter";
import type { Connection } from "./connection.ts";
import { migration, nowMs, tablesVersion } from "./tables.ts";

interface Settings {
  readonly now: unknown;
  readonly version: unknown;
  readonly name: string;
  readonly encoding: string;
  readonly read_only: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
}

const settings = `SELECT ${nowMs} AS now, version() AS name, current_setting('server_version_num')::int AS version,
  current_setting('server_encoding') AS encoding, current_setting('transaction_read_only') AS read_only,
  current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit`;

/**
 * Judges the server and brings the tables up to date.
 * @param schema quoted
 * @throws `BACKEND_UNSAFE` for a server or tables that this code must not write to.
 */
export async function prepare(
  connection: Connection,
  schema: string,
): Promise<{ now: EpochMs; warnings: readonly string[] }> {
  const [found] = await connection.query<Settings>(settings);
  if (!found) throw unsafe("the server did not tell its settings", {});
  const version = Number(found.version);
  if (version < 130_000) throw unsafe(`PostgreSQL 13 or newer is needed, this is ${found.name}`, { version });
  if (found.encoding !== "UTF8")
    throw unsafe(`the database has the encoding ${found.encoding}, it has to be UTF8`, { encoding: found.encoding });
  if (found.read_only === "on")
    throw unsafe("the server takes no writes (a standby, or default_transaction_read_only is on)", {});
  await migrate(connection, schema);
  return { now: Number(found.now), warnings: warningsOf(found) };
}

function warningsOf({ name, fsync, synchronous_commit }: Settings): readonly string[] {
  const warnings: string[] = [];
  // PGlite always has it off and offers no way to change that.
  if (fsync === "off" && !name.includes("PGlite")) {
    warnings.push("fsync is off: a crash of the server's machine can lose confirmed work and damage the database");
  }
  if (synchronous_commit === "off") {
    warnings.push(
      "synchronous_commit is off: a crash of the server can lose the last confirmed work, which then happens again",
    );
  }
  return warnings;
}

async function migrate(connection: Connection, schema: string): Promise<void> {
  // Looked at first: an application need not have the right to create tables once they are there.
  if ((await versionOf(connection, schema)) === tablesVersion) return;
  try {
    await connection.query(migration(schema));
  } catch (error) {
    // Where the database defaults to a stricter isolation, the later of two processes fails instead of finding it done.
    if ((await versionOf(connection, schema)) !== tablesVersion) throw error;
  }
}

/** 0 for a fresh database. */
async function versionOf(connection: Connection, schema: string): Promise<number> {
  const [table] = await connection.query<{ exists: boolean }>("SELECT to_regclass($1) IS NOT NULL AS exists", [
    `${schema}.migrations`,
  ]);
  if (!table?.exists) return 0;
  const [found] = await connection.query<{ version: unknown }>(
    `SELECT max(version) AS version FROM ${schema}.migrations`,
  );
  const version = Number(found?.version ?? 0);
  if (version <= tablesVersion) return version;
  throw unsafe(
    `the tables in ${schema} have version ${version}, this code knows ${tablesVersion}: upgrade @semel/state-postgres`,
    {
      version,
      known: tablesVersion,
    },
  );
}

const unsafe = (text: string, details: Readonly<Record<string, unknown>>): SemelError =>
  new SemelError("BACKEND_UNSAFE", text, { details });
