import { SemelError } from "@semel/core";
import type {
  AnswersTo,
  EpochMs,
  GuardKey,
  Host,
  JobId,
  JobRecord,
  JobStore,
  JobStoreFeatures,
  LetterBox,
  LetterFilter,
  Operation,
  StoredLetter,
  StoredValue,
  StoreTransactions,
  WorkerBeat,
} from "@semel/core/adapter";
import { BatchApplier } from "./apply.ts";
import { Connection } from "./connection.ts";
import { Letters } from "./letters.ts";
import { checkOptions, type PostgresStoreOptions } from "./options.ts";
import { prepare } from "./prepare.ts";
import type { SqlClient } from "./sql-client.ts";
import { nowMs } from "./tables.ts";
import { fromText, toText } from "./text.ts";
import { Transactions } from "./transactions.ts";
import { beatSql, forgetSql, leaveSql, sweepSql } from "./upkeep-sql.ts";

/** Records and dead letters in PostgreSQL or PGlite. */
export interface PostgresStore extends JobStore, LetterBox {}

/**
 * A store on PostgreSQL 13 or newer, or on PGlite. Connects to nothing: that happens with `start`, which also creates
 * its tables, or with the first call.
 *
 * @example
 * postgresStore({ client: new pg.Pool({ connectionString }) }); // yours: it stays open
 * postgresStore({ client: () => PGlite.create("./data"), close: (db) => db.close() });
 * postgresStore({ url: "postgres://localhost/app" }); // with `pg` installed; the pool is the store's own
 *
 * @throws `OPTION_INVALID` for options that cannot work. `start` throws `BACKEND_UNSAFE` for a server that is too old,
 * takes no writes or does not store UTF-8, and for tables that a newer version of this package has changed.
 */
export function postgresStore<Client extends SqlClient>(options: PostgresStoreOptions<Client>): PostgresStore {
  // `close` is only ever given the client that came from the same options.
  const checked = options as unknown as PostgresStoreOptions;
  checkOptions(checked);
  return new SqlStore(checked);
}

class SqlStore implements PostgresStore {
  readonly ports: 1 = 1;
  readonly features: JobStoreFeatures;
  readonly transactions: StoreTransactions;
  readonly #connection: Connection;
  readonly #applier: BatchApplier;
  readonly #letters: Letters;
  readonly #schema: string;
  #host: Host | undefined;

  constructor(options: PostgresStoreOptions) {
    this.features = { durable: options.durable ?? true, maxValueBytes: options.maxValueBytes ?? 262_144 };
    this.#schema = `"${options.schema ?? "semel"}"`;
    this.#connection = new Connection(options, (problem) => this.#host?.report(problem));
    this.#applier = new BatchApplier(this.#connection, this.#schema);
    this.#letters = new Letters(this.#connection, this.#schema);
    this.transactions = new Transactions(this.#connection, this.#schema, () => this.#namespace);
  }

  async start(host: Host): Promise<{ readonly now: EpochMs; readonly warnings: readonly string[] }> {
    this.#host = host;
    return prepare(this.#connection, this.#schema);
  }

  get #namespace(): string {
    if (this.#host) return this.#host.namespace;
    throw new SemelError("STORE_UNAVAILABLE", "the store has not been started");
  }

  async apply<const Ops extends readonly Operation[]>(operations: Ops): Promise<AnswersTo<Ops>> {
    const answers = await this.#applier.apply(operations, this.#namespace);
    return answers as unknown as AnswersTo<Ops>;
  }

  async read(keys: readonly GuardKey[]): Promise<readonly (JobRecord | undefined)[]> {
    if (keys.length === 0) return [];
    const rows = await this.#connection.query<{ key: string; record: string }>(
      `SELECT key, record FROM ${this.#schema}.jobs
       WHERE namespace = $1 AND key = ANY ($2::text[]) AND expires_at > ${nowMs}`,
      [toText(this.#namespace), keys.map(toText)],
    );
    const records = new Map(rows.map(({ key, record }) => [key, record]));
    return keys.map((key) => {
      const record = records.get(toText(key));
      return record === undefined ? undefined : (JSON.parse(record) as JobRecord);
    });
  }

  result(key: GuardKey): Promise<StoredValue | undefined> {
    return this.#part(key, "result");
  }

  envelope(key: GuardKey): Promise<string | undefined> {
    return this.#part(key, "envelope");
  }

  async #part(key: GuardKey, part: "result" | "envelope"): Promise<string | undefined> {
    const [row] = await this.#connection.query<{ body: string }>(
      `SELECT parts.body FROM ${this.#schema}.jobs JOIN ${this.#schema}.parts USING (namespace, key)
       WHERE namespace = $1 AND key = $2 AND parts.part = $3 AND jobs.expires_at > ${nowMs}`,
      [toText(this.#namespace), toText(key), part],
    );
    return row && fromText(row.body);
  }

  async forget(filter: { readonly tenant: string } | { readonly key: GuardKey }): Promise<number> {
    const [column, value] = "key" in filter ? (["key", filter.key] as const) : (["tenant", filter.tenant] as const);
    const namespace = this.#namespace;
    const forgotten = await this.#count(forgetSql(this.#schema, column), [toText(namespace), toText(value)]);
    // Second, and by itself: it sees the letters of settlements for which the first one had to wait.
    await this.#letters.forget(namespace, column, value);
    return forgotten;
  }

  async sweep(limit: number): Promise<number> {
    return this.#count(sweepSql(this.#schema), [toText(this.#namespace), limit]);
  }

  async #count(text: string, params: unknown[]): Promise<number> {
    const [row] = await this.#connection.query<{ count: unknown }>(text, params);
    return Number(row?.count ?? 0);
  }

  async beat(worker: WorkerBeat, keepMs: number): Promise<EpochMs> {
    const of = [toText(this.#namespace), toText(worker.id)];
    const [text, params] =
      keepMs > 0
        ? [beatSql(this.#schema), [...of, JSON.stringify(worker), Math.ceil(keepMs)]]
        : [leaveSql(this.#schema), of];
    const [row] = await this.#connection.query<{ now: unknown }>(text, params);
    return Number(row?.now);
  }

  async workers(): Promise<readonly WorkerBeat[]> {
    const rows = await this.#connection.query<{ beat: string; seen_at: unknown }>(
      `SELECT beat, seen_at FROM ${this.#schema}.workers WHERE namespace = $1 AND until > ${nowMs} ORDER BY id`,
      [toText(this.#namespace)],
    );
    return rows.map(({ beat, seen_at }) => ({ ...(JSON.parse(beat) as WorkerBeat), seenAt: Number(seen_at) }));
  }

  async list(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]> {
    return this.#letters.list(this.#namespace, filter, page);
  }

  async get(id: JobId): Promise<StoredLetter | undefined> {
    return this.#letters.get(this.#namespace, id);
  }

  async groups(filter: LetterFilter): ReturnType<LetterBox["groups"]> {
    return this.#letters.groups(this.#namespace, filter);
  }

  async purge(filter: LetterFilter | { readonly id: JobId }): Promise<number> {
    return this.#letters.purge(this.#namespace, filter);
  }

  /** Calls after this reject with `CLOSED`. Waits for the store's own pool; a client that was handed in stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.close();
  }
}
