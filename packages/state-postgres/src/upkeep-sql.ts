import { nowMs } from "./tables.ts";

/** Removes the records of a tenant or a key, expired or not: `$1` namespace, `$2` value. Parts go by cascade. */
export const forgetSql = (schema: string, column: "key" | "tenant"): string => `
  WITH doomed AS MATERIALIZED (
    SELECT key FROM ${schema}.jobs WHERE namespace = $1 AND ${column} = $2 ORDER BY key FOR UPDATE
  ),
  gone AS (DELETE FROM ${schema}.jobs USING doomed WHERE jobs.namespace = $1 AND jobs.key = doomed.key RETURNING 1)
  SELECT count(*) AS count FROM gone`;

/**
 * `$1` namespace, `$2` how many records, and as many letters. What somebody is working on is skipped, not waited for.
 * Forgotten workers go along uncounted: there is one row for each process.
 */
export const sweepSql = (schema: string): string => `
  WITH records AS MATERIALIZED (
    SELECT key FROM ${schema}.jobs WHERE namespace = $1 AND expires_at <= ${nowMs}
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ),
  letters AS MATERIALIZED (
    SELECT id FROM ${schema}.letters WHERE namespace = $1 AND expires_at <= ${nowMs}
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
  ),
  workers AS MATERIALIZED (
    SELECT id FROM ${schema}.workers WHERE namespace = $1 AND until <= ${nowMs} FOR UPDATE SKIP LOCKED
  ),
  records_gone AS (
    DELETE FROM ${schema}.jobs USING records WHERE jobs.namespace = $1 AND jobs.key = records.key RETURNING 1
  ),
  letters_gone AS (
    DELETE FROM ${schema}.letters AS old USING letters WHERE old.namespace = $1 AND old.id = letters.id RETURNING 1
  ),
  workers_gone AS (DELETE FROM ${schema}.workers AS old USING workers WHERE old.namespace = $1 AND old.id = workers.id)
  SELECT (SELECT count(*) FROM records_gone) + (SELECT count(*) FROM letters_gone) AS count`;

/** `$1` namespace, `$2` id, `$3` beat, `$4` how long to keep it, in ms. Answers the server's clock. */
export const beatSql = (schema: string): string => `
  INSERT INTO ${schema}.workers (namespace, id, beat, seen_at, until)
  SELECT $1, $2, $3, now, now + $4::bigint FROM (SELECT ${nowMs} AS now) AS clock
  ON CONFLICT (namespace, id) DO UPDATE SET beat = excluded.beat, seen_at = excluded.seen_at, until = excluded.until
  RETURNING seen_at AS now`;

/** `$1` namespace, `$2` id. Answers the server's clock. */
export const leaveSql = (schema: string): string => `
  WITH gone AS (DELETE FROM ${schema}.workers WHERE namespace = $1 AND id = $2)
  SELECT ${nowMs} AS now`;
