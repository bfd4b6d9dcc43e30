import { EventEmitter } from "node:events";
import type { PgClientLike, PgPoolLike, PgRows } from "./pool.ts";

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: rows are what the statement selected.
  readonly rows: any[];
  readonly affectedRows?: number;
}
interface AnswerOptions {
  readonly parsers?: Record<number, (text: string) => unknown>;
}

/** Where statements can be sent: the database, or a transaction on it. */
export interface PGliteSession {
  query(text: string, params?: unknown[], options?: AnswerOptions): Promise<Answer>;
  exec(text: string, options?: AnswerOptions): Promise<Answer[]>;
}

/** The part of a PGlite that is needed. */
export interface PGliteLike extends PGliteSession {
  transaction<T>(run: (transaction: PGliteSession & { rollback(): Promise<void> }) => Promise<T>): Promise<T>;
  onNotification(listen: (channel: string, payload: string) => void): () => void;
}

type Transaction = PGliteSession & { rollback(): Promise<void> };

/** PGlite makes numbers of int8; node-postgres, which BullMQ is written against, leaves the text. */
const asPg: AnswerOptions = { parsers: { 20: (text) => text } };

async function send(session: PGliteSession, text: string, params?: unknown[]): Promise<PgRows> {
  // Only `exec` takes several statements in one text (BullMQ's migrations), and only `query` takes parameters.
  const answer = params ? await session.query(text, params, asPg) : (await session.exec(text, asPg)).at(-1);
  return { rows: answer?.rows ?? [], rowCount: answer?.affectedRows ?? answer?.rows.length ?? 0 };
}

const opens = /^\s*(begin|start\s+transaction)\b/i;
const commits = /^\s*(commit|end)\b/i;
const rollsBack = /^\s*rollback\b(?!\s+to\b)/i;

/**
 * One client of the pool. PGlite is a single session, so a bare `BEGIN` would swallow every statement that anybody else
 * sends until the `COMMIT`. A transaction is therefore opened with `db.transaction`, which keeps all others waiting –
 * those of other clients and those of code that uses the same PGlite directly.
 */
class PGliteClient extends EventEmitter implements PgClientLike {
  readonly #db: PGliteLike;
  readonly #silence: () => void;
  #open: { transaction: Transaction; finish(): void; done: Promise<void> } | undefined;

  constructor(db: PGliteLike) {
    super();
    // Every worker of a queue waits for notifications on one client.
    this.setMaxListeners(0);
    this.#db = db;
    this.#silence = db.onNotification((channel, payload) => this.emit("notification", { channel, payload }));
  }

  async query(text: string, params?: unknown[]): Promise<PgRows> {
    if (opens.test(text)) return this.#begin();
    if (!this.#open) return send(this.#db, text, params);
    if (commits.test(text)) return this.#end(false);
    if (rollsBack.test(text)) return this.#end(true);
    return send(this.#open.transaction, text, params);
  }

  #begin(): Promise<PgRows> {
    return new Promise((resolve, reject) => {
      const done = this.#db.transaction(
        (transaction) =>
          new Promise<void>((finish) => {
            this.#open = { transaction, finish, done };
            resolve({ rows: [], rowCount: 0 });
          }),
      );
      // Before it is open a failure is this BEGIN's; afterwards `#end` waits for `done` and passes it on.
      done.catch(reject);
    });
  }

  async #end(rollback: boolean): Promise<PgRows> {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return { rows: [], rowCount: 0 };
    try {
      if (rollback) await open.transaction.rollback();
    } finally {
      open.finish();
    }
    await open.done;
    return { rows: [], rowCount: 0 };
  }

  release(): void {
    this.#silence();
    // A client given back within a transaction must not keep everybody waiting for ever.
    void this.#end(true).catch(() => undefined);
  }
}

class PGlitePool extends EventEmitter implements PgPoolLike {
  readonly #db: PGliteLike;

  constructor(db: PGliteLike) {
    super();
    this.#db = db;
  }

  async connect(): Promise<PgClientLike> {
    return new PGliteClient(this.#db);
  }

  query(text: string, params?: unknown[]): Promise<PgRows> {
    return send(this.#db, text, params);
  }

  /** Leaves the PGlite open: it belongs to whoever made it. */
  async end(): Promise<void> {}
}

/**
 * Dresses a PGlite up as a `pg.Pool`: for anything that is written against node-postgres. Transactions exclude every
 * other statement on that PGlite, whoever sends it. Session settings (`SET`) are shared by all, as there is one session.
 */
export function pglitePool(db: PGliteLike): PgPoolLike & EventEmitter {
  return new PGlitePool(db);
}
