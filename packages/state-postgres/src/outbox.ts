import type { Addition, JobId } from "@semel/core/adapter";
import type { Connection } from "./connection.ts";
import { nowMs } from "./tables.ts";
import { fromText, toText } from "./text.ts";

type Asked = Pick<Connection, "query">;

/** Additions that were committed with the application's rows, until they are known to be in the queue. */
export class Outbox {
  readonly #schema: string;

  /** @param schema quoted */
  constructor(schema: string) {
    this.#schema = schema;
  }

  async post(at: Asked, namespace: string, additions: readonly Addition[]): Promise<void> {
    await at.query(
      `INSERT INTO ${this.#schema}.outbox (namespace, id, key, addition, posted_at, due_at)
       SELECT $1, new.id, new.key, new.addition, now, now
       FROM unnest($2::text[], $3::text[], $4::text[]) AS new (id, key, addition), (SELECT ${nowMs} AS now) AS clock
       ON CONFLICT (namespace, id) DO NOTHING`,
      [
        toText(namespace),
        additions.map(({ id }) => toText(id)),
        additions.map(({ id }) => toText(id.slice(0, keyLength))),
        // The envelope is JSON text already, and stays one: what JSON cannot hold has been refused before.
        additions.map((addition) => toText(JSON.stringify(addition))),
      ],
    );
  }

  /** What somebody else is asking for is skipped, not waited for. */
  async due(at: Asked, namespace: string, limit: number, againMs: number): Promise<readonly Addition[]> {
    const rows = await at.query<{ addition: string; waited: unknown }>(
      `WITH due AS MATERIALIZED (
         SELECT id FROM ${this.#schema}.outbox WHERE namespace = $1 AND due_at <= ${nowMs}
         ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
       )
       UPDATE ${this.#schema}.outbox AS one SET due_at = ${nowMs} + $3::bigint
       FROM due WHERE one.namespace = $1 AND one.id = due.id
       RETURNING one.addition, ${nowMs} - one.posted_at AS waited`,
      [toText(namespace), limit, Math.ceil(againMs)],
    );
    return rows.map(({ addition, waited }) => {
      const posted = JSON.parse(fromText(addition)) as Addition;
      return { ...posted, delayMs: Math.max(0, posted.delayMs - Number(waited)) };
    });
  }

  async isPosted(at: Asked, namespace: string, id: JobId): Promise<boolean> {
    const sql = `SELECT 1 FROM ${this.#schema}.outbox WHERE namespace = $1 AND id = $2`;
    return (await at.query(sql, [toText(namespace), toText(id)])).length > 0;
  }

  async sent(at: Asked, namespace: string, ids: readonly JobId[]): Promise<void> {
    if (ids.length === 0) return;
    await at.query(`DELETE FROM ${this.#schema}.outbox WHERE namespace = $1 AND id = ANY ($2::text[])`, [
      toText(namespace),
      ids.map(toText),
    ]);
  }
}

/** A job's id begins with the key of its record. */
const keyLength = 32;
