import { SemelError } from "@semel/core";
import type { SqlClient } from "./sql-client.ts";
import { Turns } from "./turns.ts";

/** A connection that was taken out of a pool; `pg` needs somebody to listen to its errors meanwhile. */
interface PooledClient extends SqlClient {
  release(broken?: boolean): void;
  on(event: "error", listen: (error: Error) => void): unknown;
  off(event: "error", listen: (error: Error) => void): unknown;
}

/** As `pg.Pool` has it. A `pg.Client` has a `connect` as well, but no count of its connections. */
interface Pool extends SqlClient {
  readonly totalCount: number;
  readonly options?: { readonly max?: unknown } | undefined;
  connect(): Promise<PooledClient>;
  on?(event: "acquire", listen: (client: PooledClient) => void): unknown;
}

/** As PGlite has it: what else is asked of it waits until the transaction is over. */
interface Exclusive extends SqlClient {
  transaction<T>(work: (client: SqlClient) => Promise<T>): Promise<T>;
}

/** Runs `work` in a transaction of its own. @throws `TRANSACTION_UNSUPPORTED` */
export function inTransaction<T>(client: SqlClient, work: (client: SqlClient) => Promise<T>): Promise<T> {
  if (isPool(client)) return inPooled(client, work);
  if (isExclusive(client)) return client.transaction(work);
  const what = "a transaction needs a connection to itself: hand the store a pg.Pool, a url or a PGlite";
  return Promise.reject(new SemelError("TRANSACTION_UNSUPPORTED", what));
}

const isPool = (client: SqlClient): client is Pool =>
  typeof (client as Partial<Pool>).connect === "function" && typeof (client as Partial<Pool>).totalCount === "number";

const isExclusive = (client: SqlClient): client is Exclusive =>
  typeof (client as Partial<Exclusive>).transaction === "function";

/** A pool may serve several stores, and all of their transactions count. */
const turns = new WeakMap<Pool, Turns>();

/**
 * pg stops listening to a client when it hands it out, and the promise of `connect` is heard of a turn later. One packet may hold
 * both the last word of a session's start and its end, and an error that nobody listens to ends the process. Whoever has the
 * client hears of its end all the same: its queries reject.
 */
function listenToAll(pool: Pool): void {
  const heard = new WeakSet<PooledClient>();
  pool.on?.("acquire", (client) => {
    if (heard.has(client)) return;
    heard.add(client);
    client.on("error", () => {});
  });
}

/**
 * One connection of the pool is never held by a transaction: the renewals of the leases under which they all run need one.
 * A pool of one cannot keep it.
 */
function turnsOf(pool: Pool): Turns {
  const found = turns.get(pool);
  if (found) return found;
  listenToAll(pool);
  const max = Number(pool.options?.max);
  const made = new Turns(max >= 1 ? Math.max(1, max - 1) : Number.POSITIVE_INFINITY);
  turns.set(pool, made);
  return made;
}

const inPooled = <T>(pool: Pool, work: (client: SqlClient) => Promise<T>): Promise<T> =>
  turnsOf(pool).take(() => onOneOf(pool, work));

async function onOneOf<T>(pool: Pool, work: (client: SqlClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  // Without a listener, a connection that breaks between two statements would end the process.
  const onError = (): void => {
    isBroken = true;
  };
  client.on("error", onError);
  try {
    await client.query("BEGIN");
    const done = await work(client);
    const committed = (await client.query("COMMIT")) as { readonly command?: string };
    // What PostgreSQL answers to the COMMIT of a transaction in which a statement had failed.
    if (committed.command === "ROLLBACK")
      throw new Error("the transaction was rolled back: a statement in it had failed");
    return done;
  } catch (error) {
    await client.query("ROLLBACK").catch(onError);
    throw error;
  } finally {
    client.off("error", onError);
    client.release(isBroken);
  }
}
