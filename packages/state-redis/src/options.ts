import { OptionInvalidError } from "@semel/core";
import { knownOnly } from "@semel/core/adapter";
import type { RedisConnection, RedisSource } from "@semel/redis-connection";

export interface RedisStoreOptions {
  /** Where Redis is: a URL, `{ url, … }`, Sentinels, a Cluster, an ioredis instance (it stays open), or a connection. */
  readonly redis: RedisSource | RedisConnection;
  /** What all keys begin with: 1–64 characters of `A–Z a–z 0–9 . _ -`. Default: `"semel"`. */
  readonly prefix?: string | undefined;
  /** The largest result or step value, in bytes. Default: 262,144. */
  readonly maxValueBytes?: number | undefined;
  /** Runs without persistence in production too. Default: `false`; such a server is refused where `NODE_ENV` is `production`. */
  readonly allowNoPersistence?: boolean | undefined;
}

/** @throws `OPTION_INVALID`. */
export function checkOptions(options: RedisStoreOptions): { readonly prefix: string; readonly maxValueBytes: number } {
  knownOnly(options, ["redis", "prefix", "maxValueBytes", "allowNoPersistence"], "redisStore");
  const { prefix = "semel", maxValueBytes = 262_144 } = options;
  if (options.redis === undefined)
    throw new OptionInvalidError("redisStore.redis", "a Redis URL, its options or an ioredis instance", options);
  if (typeof prefix !== "string" || !/^[A-Za-z0-9._-]{1,64}$/.test(prefix))
    throw new OptionInvalidError("redisStore.prefix", "1 to 64 characters of A–Z a–z 0–9 . _ -", prefix);
  if (!(Number.isSafeInteger(maxValueBytes) && maxValueBytes > 0))
    throw new OptionInvalidError("redisStore.maxValueBytes", "a whole number of bytes above 0", maxValueBytes);
  return { prefix, maxValueBytes };
}
