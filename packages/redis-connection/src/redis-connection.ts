import type { RedisClient } from "./redis-client.ts";

/** What is wrong with a server, or odd about it. */
export interface Judgement {
  readonly warnings: readonly string[];
  /** `7.0.15`; of a relative, such as Valkey, the version of Redis it is like. `unknown` where it would not say. */
  readonly version: string;
  /** The server's clock now, in milliseconds since 1970: when it answered, and the time since. */
  readonly now: number;
}

export interface RedisConnectionOptions {
  /**
   * Uses a server that keeps nothing on disk in production (`NODE_ENV`) too: its restart loses all jobs. Default:
   * `false`.
   */
  readonly allowNoPersistence?: boolean | undefined;
  /**
   * Something happened to a connection that no call is there to be told. Called once for an outage of a connection,
   * with a text for people; no password is in either. Default: nobody is told.
   */
  readonly onProblem?: ((text: string, error: unknown) => void) | undefined;
}

/**
 * One application's way to one Redis: the profiles that its parts need, made from what the user gave. Connects to
 * nothing before the first of them is asked for.
 *
 * The queue and the store of a preset share one; each holds it (`share`) and lets go of it, and the last one closes
 * what was opened here. A client that was handed in stays open.
 */
export interface RedisConnection {
  /** Whether it leads to a Redis Cluster. */
  readonly isCluster: boolean;
  /**
   * Fails fast: a command while there is no connection rejects at once, one under way when the connection breaks
   * rejects then. Reconnects for ever, at most a second apart. For producers and the store; not for commands that
   * block, since 8 s without an answer count as a dead connection.
   *
   * @throws `STORE_UNAVAILABLE` when the first connection cannot be made, after about 5 s; 30 s where the server is
   * loading its data. The next call tries again. `OPTION_INVALID` when ioredis is not installed.
   */
  commands(): Promise<RedisClient>;
  /**
   * Waits: a command while there is no connection is kept until there is one, and one under way when the connection
   * breaks is sent again. What BullMQ's workers want. Resolves before there is a connection. It must not block
   * either, but its duplicates may, as BullMQ's do.
   */
  patient(): Promise<RedisClient>;
  /** A new connection that waits, for subscribing; whoever asked disconnects it. */
  subscriber(): Promise<RedisClient>;
  /**
   * Looks at the server, or at every primary of a Cluster, until it has been found good once.
   *
   * @throws `BACKEND_UNSAFE` for one that could lose jobs, with what was found and what to do; `STORE_UNAVAILABLE`
   * for one that does not answer.
   */
  judge(): Promise<Judgement>;
  /**
   * Another holder, with a `close` of its own.
   * @param onProblem hears of problems, if no earlier holder does: each is told once.
   * @throws `CLOSED` when this one has let go.
   */
  share(onProblem?: RedisConnectionOptions["onProblem"]): RedisConnection;
  /**
   * Lets go; every call to this holder rejects with `CLOSED` from then on. The last to let go ends everything that was
   * opened here, and waits for that: 2 s at most, also where nobody answers.
   */
  close(): Promise<void>;
}
