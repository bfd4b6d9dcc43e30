import { SemelError } from "@semel/core";
import type { RedisClient } from "./redis-client.ts";

type Options = Readonly<Record<string, unknown>>;

/** The two constructors of ioredis. */
export interface Ioredis {
  readonly Redis: new (options: Options) => RedisClient;
  readonly Cluster: new (nodes: readonly object[], options: Options) => RedisClient;
}

/**
 * Loaded when a connection is wanted and not before: it is an optional peer, and whoever hands in a client of another
 * copy needs none of ours.
 *
 * @throws `OPTION_INVALID` when it is not installed.
 */
export async function loadIoredis(load: () => Promise<unknown> = () => import("ioredis")): Promise<Ioredis> {
  let loaded: unknown;
  try {
    loaded = await load();
  } catch (cause) {
    const code = (cause as { code?: unknown } | undefined)?.code;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw new SemelError("OPTION_INVALID", "Redis needs ioredis, which is not installed: npm install ioredis", {
      cause,
    });
  }
  // The default export is the constructor in every version, whether it came by import or by require.
  const Redis = (loaded as { default: Ioredis["Redis"] & { readonly Cluster: Ioredis["Cluster"] } }).default;
  return { Redis, Cluster: Redis.Cluster };
}
