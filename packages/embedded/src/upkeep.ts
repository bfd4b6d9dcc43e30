import type { PGlite } from "@electric-sql/pglite";
import type { Clock, Timer } from "@semel/core/adapter";

const everyMs = 60_000;

/** Rows that were changed or removed and still take up room, from which on a table is cleaned. */
const worthwhile = 500;

/** Write-ahead log since the last checkpoint, in bytes, from which on there is another one. */
const longLog = 16 * 1024 * 1024;

/**
 * A PostgreSQL server cleans its tables and shortens its log in background processes. PGlite has none: without this a
 * queue's tables and log would grow for as long as the process runs, and opening after a crash take ever longer.
 */
export class Upkeep {
  readonly #db: PGlite;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(db: PGlite, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#closed) return;
    const run = (): void => {
      // What fails now is tried again in a minute; nobody's work depends on it.
      this.#running = this.run()
        .catch(() => undefined)
        .finally(() => this.#schedule());
    };
    this.#timer = this.#clock.timer(everyMs, run, "background");
  }

  /** One statement at a time, so that the work of others goes on in between. */
  async run(): Promise<void> {
    // What was counted so far is otherwise written down at most once a second, and not by an idle session.
    await this.#db.query("SELECT pg_stat_force_next_flush()");
    const { rows } = await this.#db.query<{ name: string }>(
      "SELECT relid::regclass::text AS name FROM pg_stat_all_tables WHERE n_dead_tup > $1",
      [worthwhile],
    );
    for (const { name } of rows) {
      if (!this.#closed) await this.#db.exec(`VACUUM (ANALYZE) ${name}`);
    }
    const log = await this.#db.query<{ bytes: number }>(
      "SELECT pg_current_wal_lsn() - redo_lsn AS bytes FROM pg_control_checkpoint()",
    );
    if (!this.#closed && Number(log.rows[0]?.bytes) > longLog) await this.#db.exec("CHECKPOINT");
  }

  /** Resolves when nothing of it is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
  }
}
