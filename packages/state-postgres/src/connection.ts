import { SemelError } from "@semel/core";
import type { Host } from "@semel/core/adapter";
import type { PostgresStoreOptions } from "./options.ts";
import { inTransaction } from "./session.ts";
import { ask, type SqlClient } from "./sql-client.ts";

type Report = Host["report"];

/** How long a call waits for a connection of our own pool before it rejects, also while the pool is ending. */
const connectTimeoutMs = 10_000;

/** The one client of a store: made when it is first needed, closed only if it is ours to close. */
export class Connection {
  readonly #options: PostgresStoreOptions;
  readonly #report: Report;
  #client: Promise<SqlClient> | undefined;
  #isClosed = false;

  constructor(options: PostgresStoreOptions, report: Report) {
    this.#options = options;
    this.#report = report;
  }

  /**
   * Sends one statement.
   * @throws `CLOSED` after `close`, `OPTION_INVALID` where `pg` is not installed, otherwise whatever the client rejects with.
   */
  async query<Row>(text: string, params: unknown[] = []): Promise<readonly Row[]> {
    return ask<Row>(await this.#opened(), text, params);
  }

  /**
   * Runs `work` with a connection of its own, between `BEGIN` and `COMMIT`.
   * @throws `TRANSACTION_UNSUPPORTED` for a client that has but one connection for everything.
   */
  async transaction<T>(work: (client: SqlClient) => Promise<T>): Promise<T> {
    return inTransaction(await this.#opened(), work);
  }

  async #opened(): Promise<SqlClient> {
    if (this.#isClosed) throw closed();
    const client = await this.#open();
    if (this.#isClosed) throw closed();
    return client;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // One that could not be opened need not be closed.
    const client = await this.#client?.catch(() => undefined);
    if (client === undefined) return;
    if (this.#options.url === undefined) await this.#options.close?.(client);
    else await (client as SqlClient & { end(): Promise<void> }).end();
  }

  #open(): Promise<SqlClient> {
    if (this.#client) return this.#client;
    const opening = open(this.#options, this.#report);
    this.#client = opening;
    opening.catch(() => {
      // The next call tries again.
      if (this.#client === opening) this.#client = undefined;
    });
    return opening;
  }
}

async function open(options: PostgresStoreOptions, report: Report): Promise<SqlClient> {
  if (options.url !== undefined) return openPool(options.url, options.connections, report);
  return typeof options.client === "function" ? options.client() : options.client;
}

async function openPool(url: string, connections = 10, report: Report): Promise<SqlClient> {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new SemelError(
      "OPTION_INVALID",
      'url: expected the package "pg" to be installed beside @semel/state-postgres, got none: npm install pg',
      {
        cause,
        details: { option: "url", expected: "the package pg" },
      },
    );
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: "semel",
    // A worker that is otherwise done must not be kept alive by idle connections.
    allowExitOnIdle: true,
  });
  // Without a listener, an idle connection that breaks would end the process. The pool replaces it by itself.
  pool.on("error", (error) => report({ text: "an idle connection to PostgreSQL broke", error }));
  return pool;
}

const closed = (): SemelError => new SemelError("CLOSED", "the store is closed");
