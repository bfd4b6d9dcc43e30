import { type Backend, knownOnly } from "@semel/core/adapter";
import { bullmqQueue } from "@semel/queue-bullmq";
import { openRedis, type RedisSource } from "@semel/redis-connection";
import { redisStore } from "@semel/state-redis";

/** A first start looks at the server before it trusts it; over a slow line that takes longer than a call. */
const firstStartMs = 15_000;

export interface RedisOptions {
  /** What all keys begin with: 1–64 characters of `A–Z a–z 0–9 . _ -`. Default: `"semel"`. */
  readonly prefix?: string | undefined;
  /** The largest result or step value, in bytes. Default: 262,144. */
  readonly maxValueBytes?: number | undefined;
  /**
   * How many done jobs of each type (or shared queue) Bull Board and the like can still see. They are copies for people to
   * look at and mean nothing to Semel. Default: 0.
   */
  readonly keepFinished?: number | undefined;
  /**
   * Runs on a server without persistence in production too, where a restart of Redis loses every job. Default: `false`;
   * such a server is refused where `NODE_ENV` is `production`, and warned of elsewhere.
   */
  readonly allowNoPersistence?: boolean | undefined;
}

/**
 * Queue, store and wake-ups on one Redis: `createSemel(redis(process.env.REDIS_URL))`. Needs `ioredis` beside it.
 *
 * Synchronous and lazy: connects to nothing before the first use. What may wait (workers) and what must fail fast
 * (enqueues) get connections of their own kind; all of them are closed with the Semel.
 *
 * @param source a URL (`redis://` or `rediss://`), `{ url, … }`, Sentinels, a Cluster, or an ioredis instance of yours,
 * which stays open and as it is.
 * @throws `OPTION_INVALID` for a source or options that cannot work. The first use throws `BACKEND_UNSAFE` for a server
 * that could lose jobs: one that evicts keys, takes no writes or is older than 6.2.
 */
export function redis(source: RedisSource | undefined, options: RedisOptions = {}): Backend {
  knownOnly(options, ["prefix", "maxValueBytes", "keepFinished", "allowNoPersistence"], "redis");
  const { prefix, maxValueBytes, keepFinished, allowNoPersistence } = options;
  const connection = openRedis(source as RedisSource, { allowNoPersistence });
  const store = redisStore({ redis: connection, prefix, maxValueBytes });
  const queue = bullmqQueue({ redis: connection, prefix, keepFinished });
  // From here on it is theirs: whoever is disposed of last closes it.
  void connection.close();
  return { queue, store, deadLetters: store, signals: store.signals, startDeadlineMs: firstStartMs };
}
