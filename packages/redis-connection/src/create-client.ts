import { loadIoredis } from "./load-ioredis.ts";
import type { Origin } from "./origin.ts";
import { clusterOptions, type Profile, serverOptions } from "./profile.ts";
import type { RedisClient } from "./redis-client.ts";

/** A client that has not begun to connect. */
export async function createClient(origin: Origin, profile: Profile, isEnding: () => boolean): Promise<RedisClient> {
  if (origin.kind === "client") {
    const { client } = origin;
    if (client.nodes !== undefined) return client.duplicate([], clusterOptions(profile, isEnding, {}));
    const { sentinels } = client.options as { sentinels?: unknown };
    return client.duplicate(serverOptions(profile, isEnding, Array.isArray(sentinels)));
  }
  const { Redis, Cluster } = await loadIoredis();
  if (origin.kind === "server") {
    return new Redis({ ...origin.options, ...serverOptions(profile, isEnding, origin.hasSentinels) });
  }
  const { redisOptions, ...options } = origin.options;
  const ours = clusterOptions(profile, isEnding, redisOptions as Readonly<Record<string, unknown>>);
  return new Cluster(origin.nodes, { ...options, ...ours });
}
