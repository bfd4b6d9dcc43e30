import type { DeadReason, JobId, LetterBox, LetterFilter, StoredLetter } from "@semel/core/adapter";
import type { Connection } from "./connection.ts";
import { nowMs } from "./tables.ts";
import { fromText, toText } from "./text.ts";

type Groups = Awaited<ReturnType<LetterBox["groups"]>>;

interface LetterRow {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  readonly died_at: unknown;
  readonly seq: unknown;
}

/** `$1` to `$7`, in the order of {@link matching}. An absent field is null and narrows nothing. */
const where = `namespace = $1 AND expires_at > ${nowMs}
  AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR tenant = $3)
  AND ($4::text[] IS NULL OR reason = ANY ($4)) AND ($5::text IS NULL OR grp = $5)
  AND ($6::bigint IS NULL OR died_at >= $6) AND ($7::bigint IS NULL OR died_at < $7)`;

function matching(namespace: string, filter: LetterFilter): unknown[] {
  const text = (value: string | undefined): string | null => (value === undefined ? null : toText(value));
  const { type, tenant, reasons, group, diedAfter, diedBefore } = filter;
  const instants = [diedAfter, diedBefore].map((at) => (at === undefined ? null : Math.ceil(at)));
  return [toText(namespace), text(type), text(tenant), reasons ? [...reasons] : null, text(group), ...instants];
}

/** The dead letters of one namespace. They are written with the settlement of their job, by {@link BatchApplier}. */
export class Letters {
  readonly #connection: Connection;
  readonly #table: string;

  /** @param schema quoted */
  constructor(connection: Connection, schema: string) {
    this.#connection = connection;
    this.#table = `${schema}.letters`;
  }

  async list(
    namespace: string,
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]> {
    const { limit, after } = page;
    // By its place, which the letter itself knows: it may have been purged meanwhile.
    const rows = await this.#connection.query<LetterRow>(
      `SELECT id, key, body, died_at, seq FROM ${this.#table}
       WHERE ${where} AND ($8::bigint IS NULL OR (died_at, seq) < ($8, $9::bigint))
       ORDER BY died_at DESC, seq DESC LIMIT $10`,
      [...matching(namespace, filter), after?.diedAt ?? null, after?.order ?? null, limit],
    );
    return rows.map(letterOf);
  }

  async get(namespace: string, id: JobId): Promise<StoredLetter | undefined> {
    const rows = await this.#connection.query<LetterRow>(
      `SELECT id, key, body, died_at, seq FROM ${this.#table} WHERE namespace = $1 AND id = $2 AND expires_at > ${nowMs}`,
      [toText(namespace), toText(id)],
    );
    return rows.map(letterOf)[0];
  }

  async groups(namespace: string, filter: LetterFilter): Promise<Groups> {
    const rows = await this.#connection.query<{
      type: string;
      reason: DeadReason;
      grp: string;
      count: unknown;
      sample: string;
    }>(
      `SELECT type, reason, grp, count(*) AS count, (array_agg(id ORDER BY seq DESC))[1] AS sample
       FROM ${this.#table} WHERE ${where} GROUP BY type, reason, grp ORDER BY count(*) DESC, min(seq)`,
      matching(namespace, filter),
    );
    return rows.map(({ type, reason, grp, count, sample }) => ({
      type: fromText(type),
      reason,
      group: fromText(grp),
      count: Number(count),
      sample: fromText(sample),
    }));
  }

  purge(namespace: string, filter: LetterFilter | { readonly id: JobId }): Promise<number> {
    if ("id" in filter) return this.#remove("namespace = $1 AND id = $2", [toText(namespace), toText(filter.id)]);
    return this.#remove(where, matching(namespace, filter));
  }

  forget(namespace: string, column: "key" | "tenant", value: string): Promise<number> {
    return this.#remove(`namespace = $1 AND ${column} = $2`, [toText(namespace), toText(value)]);
  }

  /** @param params the first is the namespace */
  async #remove(condition: string, params: unknown[]): Promise<number> {
    // Locked in order, so that two such removals cannot wait for each other.
    const [row] = await this.#connection.query<{ count: unknown }>(
      `WITH doomed AS MATERIALIZED (SELECT id FROM ${this.#table} WHERE ${condition} ORDER BY id FOR UPDATE),
       gone AS (DELETE FROM ${this.#table} AS letters USING doomed
         WHERE letters.namespace = $1 AND letters.id = doomed.id RETURNING 1)
       SELECT count(*) AS count FROM gone`,
      params,
    );
    return Number(row?.count ?? 0);
  }
}

const letterOf = ({ id, key, body, died_at, seq }: LetterRow): StoredLetter => ({
  id: fromText(id),
  key: fromText(key),
  body: fromText(body),
  diedAt: Number(died_at),
  order: Number(seq),
});
