import { SemelError } from "@semel/core";
import type { EpochMs, JobId, QueueFeatures } from "@semel/core/adapter";
import {
  type BackendFactory,
  type IQueueBackend,
  PostgresConnection,
  type QueueBaseOptions,
  quoteSchemaName,
  runMigrations,
} from "bullmq";
import type { Broker, BrokerCounts, JobData, Report } from "../broker.ts";
import { jsonbData } from "./jsonb-data.ts";
import { LaneBackend } from "./lane-backend.ts";
import { type PGliteLike, pglitePool } from "./pglite-pool.ts";
import type { PgPoolLike } from "./pool.ts";
import { isServerError, SchemaPool } from "./schema-pool.ts";

/** BullMQ takes the schema of a given pool to be `bullmq`; this is the same connection in a schema of our own. */
class SchemaConnection extends PostgresConnection {
  override readonly schema: string;

  constructor(pool: SchemaPool, schema: string) {
    super(pool as unknown as ConstructorParameters<typeof PostgresConnection>[0]);
    this.schema = schema;
  }
}

export type PostgresClient = PgPoolLike | PGliteLike;
/** The client itself, or a function that makes it when it is first needed. One that rejects is asked again. */
export type PostgresSource = PostgresClient | (() => PostgresClient | Promise<PostgresClient>);

function schemaPool(client: PostgresClient, schema: string): SchemaPool {
  if (!("connect" in client)) return new SchemaPool(pglitePool(client), schema, true);
  const { max } = (client as { options?: { max?: number } }).options ?? {};
  if (max !== undefined && max < 2) {
    throw new SemelError("BACKEND_UNSAFE", `the pool has ${max} connection; two are needed, as one only listens`);
  }
  return new SchemaPool(client, schema, false);
}

async function migrate(pool: SchemaPool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client, schema);
  } finally {
    client.release();
  }
}

/** BullMQ on a `pg.Pool` or a PGlite. One LISTEN client serves all lanes, so the pool needs at least two. */
export class PostgresBroker implements Broker {
  readonly features: QueueFeatures = {
    idempotentAdd: true,
    lookup: true,
    remove: true,
    priority: true,
    hold: true,
    limit: true,
    durable: true,
    delayPrecisionMs: 100,
  };
  readonly data: JobData = jsonbData;
  readonly #source: PostgresSource;
  readonly #schema: string;
  readonly #close: ((client: PostgresClient) => void | Promise<void>) | undefined;
  #client: PostgresClient | undefined;
  #pool: SchemaPool | undefined;
  #connection: PostgresConnection | undefined;
  readonly #backends = new Set<LaneBackend>();

  constructor(
    source: PostgresSource,
    schema: string,
    close: ((client: PostgresClient) => void | Promise<void>) | undefined,
  ) {
    this.#source = source;
    this.#schema = quoteSchemaName(schema).slice(1, -1);
    this.#close = close;
  }

  get bulkFrom(): number {
    return this.#client && "connect" in this.#client ? 2 : 8;
  }

  async open(report: Report): Promise<readonly string[]> {
    this.#client ??= await (typeof this.#source === "function" ? this.#source() : this.#source);
    const pool = schemaPool(this.#client, this.#schema);
    try {
      await migrate(pool, this.#schema);
      const connection = new SchemaConnection(pool, this.#schema);
      connection.on("error", (error: unknown) => report("the connection to PostgreSQL broke", error));
      // BullMQ's backends listen for this only where they own the connection; ours share it.
      connection.on("listenerinvalidated", () => {
        for (const backend of this.#backends) void backend.listenAgain();
      });
      await connection.waitUntilReady();
      this.#connection = connection;
    } catch (error) {
      await pool.end();
      throw error;
    }
    this.#pool = pool;
    return [];
  }

  nameOf(queue: string): string {
    return queue;
  }

  readonly backend: BackendFactory<IQueueBackend, unknown> = (name, options) => {
    if (!this.#connection) throw new Error("the queue is not started");
    return new LaneBackend(this.#connection, name, options as QueueBaseOptions<never>, this.#backends);
  };

  #query(text: string, params: unknown[]): ReturnType<SchemaPool["query"]> {
    if (!this.#pool) throw new Error("the queue is not started");
    return this.#pool.query(text, params);
  }

  async has(queue: string, id: JobId): Promise<boolean> {
    const { rows } = await this.#query("SELECT 1 FROM job WHERE queue = $1 AND id = $2 AND finished_at_ms IS NULL", [
      queue,
      id,
    ]);
    return rows.length > 0;
  }

  async counts(queue: string): Promise<BrokerCounts> {
    const { rows } = await this.#query(countsSql, [queue]);
    const row = rows[0] as Record<"waiting" | "delayed" | "running", string> & {
      paused: boolean;
      oldest: string | null;
    };
    return {
      waiting: Number(row.waiting),
      delayed: Number(row.delayed),
      running: Number(row.running),
      paused: row.paused,
      oldestWaitingAt: row.oldest === null ? undefined : (Number(row.oldest) as EpochMs),
    };
  }

  refused(error: unknown): boolean {
    return isServerError(error);
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    if (!this.#close) await this.#pool?.end();
    // A pool that is being closed can still report a broken connection: somebody has to go on listening.
    else if (this.#client) await this.#close(this.#client);
  }
}

/** Counting reads every row: some 2 s for a million on PGlite. Who has more than this waiting knows what to do. */
const countedUpTo = 100_000;

/**
 * Each count reads its own partial index. The oldest is looked for at the head of each priority's line: a job that was
 * delayed waits since its delay ended.
 */
const countsSql = `
SELECT
  (SELECT count(*) FROM (SELECT FROM job WHERE queue = $1 AND state = 'waiting' LIMIT ${countedUpTo}) AS counted) AS waiting,
  (SELECT count(*) FROM (SELECT FROM job WHERE queue = $1 AND state = 'delayed' LIMIT ${countedUpTo}) AS counted) AS delayed,
  (SELECT count(*) FROM (SELECT FROM job WHERE queue = $1 AND state = 'active' LIMIT ${countedUpTo}) AS counted) AS running,
  EXISTS (SELECT 1 FROM meta WHERE queue = $1 AND field = 'paused' AND value = '1') AS paused,
  (SELECT min(since) FROM unnest(ARRAY[0, 1, 2, 3]) AS line(priority), LATERAL (
     SELECT greatest(added_at_ms, process_at_ms) AS since FROM job
      WHERE queue = $1 AND state = 'waiting' AND priority = line.priority
      ORDER BY seq LIMIT 1) AS head) AS oldest`;
