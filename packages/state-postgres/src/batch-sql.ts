import { nowMs } from "./tables.ts";

/*
 * The two statements of a batch. Both take columns as arrays, so their texts do not depend on how much is in a batch.
 */

/** `$1` namespace, `$2` keys, `$3` parts wanted (or null), row by row. Answers a row for each, with its place `n` from 1, and the clock. */
export const loadSql = (schema: string): string => `
  SELECT asked.n, ${nowMs} AS now, jobs.rev, jobs.record, parts.body
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS asked (key, part, n)
  LEFT JOIN ${schema}.jobs ON jobs.namespace = $1 AND jobs.key = asked.key
  LEFT JOIN ${schema}.parts ON parts.namespace = $1 AND parts.key = asked.key AND parts.part = asked.part`;

/**
 * `$1` namespace, `$2`–`$8` records, `$9`–`$11` parts where there are any, then those of letters. Answers the keys
 * whose record was still at the expected revision; of the others nothing is written, neither record nor parts nor
 * letters.
 *
 * Why two such batches cannot deadlock: each first locks the records that are there, in the order of their keys, then
 * inserts the ones that are not, in the same order, and waits for nobody after that. The odd `count` in `inserted` is
 * there for this: parts of a statement run in no promised order, unless one needs another.
 *
 * All parts of one statement see the tables as they were before it, and no row may be changed by two of them. Hence
 * `dropped` leaves alone what `kept` is about to overwrite.
 *
 * @param has which sections the batch needs; the server plans the statement anew every time, and most need only records
 */
export function saveSql(schema: string, has: { readonly parts: boolean; readonly letters: boolean }): string {
  return `
  WITH input AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::boolean[])
      AS input (key, expected, rev, record, tenant, expires_at, clears_steps)
  ),
  held AS MATERIALIZED (
    SELECT input.* FROM input
    JOIN ${schema}.jobs ON jobs.namespace = $1 AND jobs.key = input.key AND jobs.rev = input.expected
    ORDER BY jobs.key FOR UPDATE OF jobs
  ),
  inserted AS (
    INSERT INTO ${schema}.jobs (namespace, key, rev, record, tenant, expires_at)
    SELECT $1, key, rev, record, tenant, expires_at FROM input
    WHERE expected = 0 AND (SELECT count(*) FROM held) >= 0
    ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING key
  ),
  updated AS (
    UPDATE ${schema}.jobs SET rev = held.rev, record = held.record, tenant = held.tenant, expires_at = held.expires_at
    FROM held WHERE jobs.namespace = $1 AND jobs.key = held.key AND held.record IS NOT NULL
    RETURNING jobs.key, held.clears_steps
  ),
  removed AS (
    DELETE FROM ${schema}.jobs USING held
    WHERE jobs.namespace = $1 AND jobs.key = held.key AND held.record IS NULL
    RETURNING jobs.key
  ),
  won AS (
    SELECT key FROM inserted UNION ALL SELECT key FROM updated UNION ALL SELECT key FROM removed
  )${has.parts ? partsSql(schema) : ""}${has.letters ? lettersSql(schema, has.parts ? 12 : 9) : ""}
  SELECT key FROM won`;
}

/** A record that was just inserted has no parts yet, and those of a removed one go by cascade: only `updated` drops any. */
const partsSql = (schema: string): string => `,
  part AS (
    SELECT * FROM unnest($9::text[], $10::text[], $11::text[]) AS part (key, part, body)
  ),
  dropped AS (
    DELETE FROM ${schema}.parts USING updated
    WHERE parts.namespace = $1 AND parts.key = updated.key AND coalesce(
      (SELECT part.body IS NULL FROM part WHERE part.key = parts.key AND part.part = parts.part),
      updated.clears_steps AND starts_with(parts.part, 'step:')
    )
  ),
  kept AS (
    INSERT INTO ${schema}.parts (namespace, key, part, body)
    SELECT $1, part.key, part.part, part.body FROM part JOIN won ON won.key = part.key WHERE part.body IS NOT NULL
    ON CONFLICT (namespace, key, part) DO UPDATE SET body = excluded.body
  )`;

const lettersSql = (schema: string, first: number): string => {
  const columns = Array.from({ length: 9 }, (_, i) => `$${first + i}::${i < 7 ? "text" : "bigint"}[]`);
  return `,
  letter AS (
    INSERT INTO ${schema}.letters (namespace, id, key, type, tenant, reason, grp, body, died_at, expires_at)
    SELECT $1, new.id, new.key, new.type, new.tenant, new.reason, new.grp, new.body, new.died_at, new.expires_at
    FROM unnest(${columns.join(", ")}) WITH ORDINALITY
      AS new (id, key, type, tenant, reason, grp, body, died_at, expires_at, n)
    JOIN won ON won.key = new.key
    ORDER BY new.n
    ON CONFLICT (namespace, id) DO UPDATE SET key = excluded.key, type = excluded.type, tenant = excluded.tenant,
      reason = excluded.reason, grp = excluded.grp, body = excluded.body, died_at = excluded.died_at,
      expires_at = excluded.expires_at, seq = excluded.seq
  )`;
};
