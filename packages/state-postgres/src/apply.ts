import { setTimeout as pause } from "node:timers/promises";
import { SemelError } from "@semel/core";
import type { Answer, EpochMs, GuardKey, JobRecord, Operation } from "@semel/core/adapter";
import { loadSql, saveSql } from "./batch-sql.ts";
import type { Connection } from "./connection.ts";
import { Draft, partOf } from "./draft.ts";
import { isConflict } from "./sql-client.ts";
import { toText } from "./text.ts";

/** How often a batch may find that others were faster. One of them succeeds every time, so this many were. */
const mostLosses = 200;
const longestPauseMs = 32;

interface Asked {
  readonly operation: Operation;
  /** Its place in the batch. */
  readonly index: number;
}

/**
 * Applies batches by compare-and-set: one statement loads what the operations are about, `decide` runs over working
 * copies, one statement writes those whose record nobody else changed meanwhile. What lost is decided anew over what
 * is there then.
 */
export class BatchApplier {
  readonly #connection: Pick<Connection, "query">;
  readonly #schema: string;
  readonly #isInTransaction: boolean;
  readonly #loadSql: string;

  /**
   * @param schema quoted
   * @param isInTransaction a statement that failed is not sent again: it has ended the transaction
   */
  constructor(connection: Pick<Connection, "query">, schema: string, isInTransaction = false) {
    this.#connection = connection;
    this.#schema = schema;
    this.#isInTransaction = isInTransaction;
    this.#loadSql = loadSql(schema);
  }

  /**
   * Answers in the order of the operations.
   * @throws `STORE_UNAVAILABLE` when others kept being faster, and whatever the client rejects with: then it is unknown
   * which operations were applied, and sending the batch again is safe.
   */
  async apply(operations: readonly Operation[], namespace: string): Promise<readonly Answer[]> {
    const answers = new Map<number, Answer>();
    let open: readonly Asked[] = operations.map((operation, index) => ({ operation, index }));
    for (let losses = 0; open.length > 0; ) {
      const { drafts, now } = await this.#load(open, namespace);
      const again = new Set<GuardKey>();
      const waiting = new Set<Asked>();
      for (const asked of open) {
        const answer = drafts.get(asked.operation.key)?.take(asked.operation, now);
        if (answer) answers.set(asked.index, answer);
        else waiting.add(asked);
      }
      const changed = [...drafts.values()].filter((draft) => draft.isChanged);
      const won = changed.length > 0 ? await this.#save(changed, namespace) : new Set();
      for (const { key } of changed) if (!won.has(toText(key))) again.add(key);
      open = open.filter((asked) => again.has(asked.operation.key) || waiting.has(asked));
      if (again.size === 0) continue;
      losses++;
      if (losses > mostLosses) {
        throw new SemelError("STORE_UNAVAILABLE", "too many others are changing the same records", {
          isRetryable: true,
        });
      }
      await pause(Math.random() * Math.min(2 ** losses, longestPauseMs));
    }
    return operations.map((_, index) => answers.get(index) as Answer);
  }

  async #load(open: readonly Asked[], namespace: string): Promise<{ drafts: Map<GuardKey, Draft>; now: EpochMs }> {
    const places = new Map<string, { key: GuardKey; part: string | undefined }>();
    for (const { operation } of open) {
      const part = partOf(operation);
      places.set(JSON.stringify([operation.key, part]), { key: operation.key, part });
    }
    const asked = [...places.values()];
    const rows = await this.#connection.query<LoadedRow>(this.#loadSql, [
      toText(namespace),
      asked.map(({ key }) => toText(key)),
      asked.map(({ part }) => part ?? null),
    ]);
    const drafts = new Map<GuardKey, Draft>();
    for (const { n, rev, record, body } of rows) {
      const place = asked[Number(n) - 1];
      if (!place) continue;
      const { key, part } = place;
      const draft =
        drafts.get(key) ??
        new Draft(key, Number(rev ?? 0), record === null ? undefined : (JSON.parse(record) as JobRecord));
      drafts.set(key, draft);
      if (part !== undefined && body !== null) draft.load(part, body);
    }
    return { drafts, now: Number(rows[0]?.now) };
  }

  /** Answers the keys that were written, as they are stored. */
  async #save(drafts: readonly Draft[], namespace: string): Promise<ReadonlySet<unknown>> {
    const parts = drafts.flatMap(partsOf);
    // At most one letter an id: a job that died, came back under the same id and died again in one batch has one.
    const letters = [...new Map(drafts.flatMap(lettersOf).map((letter) => [letter[0], letter])).values()];
    const has = {
      parts: parts.length > 0 || drafts.some(({ expected, clearsSteps }) => clearsSteps && expected !== 0),
      letters: letters.length > 0,
    };
    const params = [
      toText(namespace),
      ...columns(7, drafts.map(recordOf)),
      ...(has.parts ? columns(3, parts) : []),
      ...(has.letters ? columns(9, letters) : []),
    ];
    try {
      const rows = await this.#connection.query<{ key: string }>(saveSql(this.#schema, has), params);
      return new Set(rows.map(({ key }) => key));
    } catch (error) {
      if (isConflict(error) && !this.#isInTransaction) return new Set();
      throw error;
    }
  }
}

interface LoadedRow {
  readonly n: unknown;
  readonly now: unknown;
  readonly rev: unknown;
  readonly record: string | null;
  readonly body: string | null;
}

type Cell = string | number | boolean | null;

const recordOf = ({ key, expected, record, clearsSteps }: Draft): readonly Cell[] => [
  toText(key),
  expected,
  // A new record begins at random: whoever still holds the revision of one that was removed must not match it.
  expected === 0 ? Math.floor(Math.random() * 2 ** 50) + 1 : expected + 1,
  record ? JSON.stringify(record) : null,
  record?.tenant === undefined ? null : toText(record.tenant),
  instant(record?.expiresAt ?? 0),
  clearsSteps,
];

const partsOf = ({ key, expected, changes }: Draft): readonly (readonly Cell[])[] =>
  // Where there was no record there are no parts to remove.
  [...changes].filter(([, body]) => body !== null || expected !== 0).map(([part, body]) => [toText(key), part, body]);

const lettersOf = ({ key, letters }: Draft): readonly (readonly Cell[])[] =>
  letters.map(({ id, type, tenant, reason, group, body, diedAt, keepMs }) => [
    toText(id),
    toText(key),
    toText(type),
    tenant === undefined ? null : toText(tenant),
    reason,
    toText(group),
    toText(body),
    instant(diedAt),
    instant(diedAt + keepMs),
  ]);

/** As a `bigint` takes it. */
const instant = (at: number): number => Math.min(Math.ceil(at), Number.MAX_SAFE_INTEGER);

/** Rows, turned into the arrays that `unnest` takes. */
const columns = (count: number, rows: readonly (readonly Cell[])[]): readonly Cell[][] =>
  Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? null));
