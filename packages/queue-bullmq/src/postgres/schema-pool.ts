import { EventEmitter } from "node:events";
import type { PgClientLike, PgPoolLike, PgRows } from "./pool.ts";

/**
 * Puts a schema at the head of the search path. What was there stays behind it, so the statements of others on the same
 * session still find their tables; those that name their schema never notice.
 */
async function enterSchema(session: Pick<PgClientLike, "query">, schema: string): Promise<void> {
  await session.query(
    `SELECT set_config('search_path', quote_ident($1) || ', ' || current_setting('search_path'), false)
      WHERE split_part(current_setting('search_path'), ',', 1) <> quote_ident($1)`,
    [schema],
  );
}

/**
 * A session of the pool, as BullMQ gets it. BullMQ takes all listeners off a client before it gives it back – the
 * pool's own as well, and an error of the session would then end the process. Here it takes off its own.
 */
class SchemaClient extends EventEmitter implements PgClientLike {
  readonly #client: PgClientLike;
  readonly #heard = (message: unknown): void => void this.emit("notification", message);
  readonly #broke = (error: unknown): void => void (this.listenerCount("error") > 0 && this.emit("error", error));
  readonly #ended = (): void => void this.emit("end");
  #released = false;

  constructor(client: PgClientLike) {
    super();
    // Every worker of a queue waits for notifications on one client.
    this.setMaxListeners(0);
    this.#client = client;
    client.on("notification", this.#heard);
    client.on("error", this.#broke);
    client.on("end", this.#ended);
  }

  /** Where BullMQ finds the socket, to have the system notice that a server is gone. */
  get connection(): unknown {
    return (this.#client as { connection?: unknown }).connection;
  }

  query(text: string, params?: unknown[]): Promise<PgRows> {
    return this.#client.query(text, params);
  }

  release(destroy?: Error | boolean): void {
    if (this.#released) return;
    this.#released = true;
    this.#client.removeListener("notification", this.#heard);
    this.#client.removeListener("end", this.#ended);
    // One that is closed may still break while it closes, and nobody else listens any more.
    if (!destroy) this.#client.removeListener("error", this.#broke);
    this.#client.release(destroy);
  }
}

/**
 * A pool whose sessions look into `schema` first: BullMQ's statements name no schema. Every session is prepared once,
 * also those that the pool had opened before.
 */
export class SchemaPool extends EventEmitter implements PgPoolLike {
  readonly #pool: PgPoolLike;
  readonly #schema: string;
  readonly #single: boolean;
  readonly #prepared = new WeakSet<object>();
  readonly #heard = new WeakSet<object>();
  readonly #forward = (error: unknown): void => {
    if (this.listenerCount("error") > 0) this.emit("error", error);
  };
  /**
   * pg stops listening to a client when it hands it out, and the promise of `connect` is heard of a turn later. One packet may
   * hold both the last word of a session's start and its end, and an error that nobody listens to ends the process. Whoever
   * has the client hears of its end all the same: its queries reject.
   */
  readonly #listen = (client: object): void => {
    if (this.#heard.has(client)) return;
    this.#heard.add(client);
    (client as PgClientLike).on("error", () => {});
  };
  #ready: Promise<void> | undefined;

  /** `single`: all clients of the pool are one session, as with PGlite. */
  constructor(pool: PgPoolLike, schema: string, single: boolean) {
    super();
    this.#pool = pool;
    this.#schema = schema;
    this.#single = single;
    pool.on("error", this.#forward);
    if (!single) pool.on("acquire", this.#listen);
  }

  async connect(): Promise<PgClientLike> {
    const client = await this.#pool.connect();
    // From the beginning, so that somebody hears it when the session breaks while it is prepared.
    const session = new SchemaClient(client);
    if (this.#single) {
      await this.#prepareSession();
    } else if (!this.#prepared.has(client)) {
      try {
        await enterSchema(session, this.#schema);
        this.#prepared.add(client);
      } catch (error) {
        session.release(true);
        throw error;
      }
    }
    return session;
  }

  async query(text: string, params?: unknown[]): Promise<PgRows> {
    if (this.#single) {
      await this.#prepareSession();
      return this.#pool.query(text, params);
    }
    // A session that breaks while in use says so with an event beside the rejected query; `SchemaClient` hears it.
    const client = await this.connect();
    let failure: unknown;
    try {
      return await client.query(text, params);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // An error the server answered leaves the session usable; any other may have broken it.
      client.release(failure !== undefined && !isServerError(failure));
    }
  }

  #prepareSession(): Promise<void> {
    this.#ready ??= enterSchema(this.#pool, this.#schema).catch((error) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  /** Lets go of the pool and leaves it open: it belongs to whoever made it. */
  async end(): Promise<void> {
    this.#pool.removeListener("error", this.#forward);
    this.#pool.removeListener("acquire", this.#listen);
  }
}

/**
 * Whether the database answered this error to a statement, which it then rolled back. Connection failures (class 08)
 * and shutdowns (57P…) are not among them: what became of the statement is unknown.
 */
export function isServerError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith("08") && !code.startsWith("57P");
}
