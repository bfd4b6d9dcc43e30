import { unreachable, withoutSecrets } from "./failure.ts";
import { connectTimeoutMs } from "./profile.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Watch } from "./watch.ts";
import { pause, within } from "./within.ts";

/** How long a server may take to read its files. In milliseconds. */
export const loadingTimeoutMs = 30_000;

/**
 * Connects for the first time, and makes sure that somebody answers who would have us: within 5 s, or 30 s where a
 * server has just been started and reads its files.
 *
 * @throws `STORE_UNAVAILABLE` with the reason.
 */
export async function connectClient(client: RedisClient, place: string, watch: Watch): Promise<void> {
  const late = `no answer within ${connectTimeoutMs / 1_000} s`;
  const loadedBy = performance.now() + loadingTimeoutMs;
  try {
    await within(connectTimeoutMs, client.connect(), late);
    const servers = client.nodes?.("master") ?? [client];
    for (const server of servers) {
      while (!(await isLoaded(server, late)) && performance.now() < loadedBy) await pause(200);
    }
  } catch (error) {
    // ioredis rejects with "Connection is closed." and tells the reason as an event.
    throw unreachable(place, watch.lastError ?? withoutSecrets(error));
  }
}

/**
 * A Cluster's nodes are connected to by the first command they get, and refuse the next as long as that takes. So
 * they are connected to ahead, also after all of them were gone.
 */
export function connectNodes(cluster: RedisClient): void {
  for (const node of cluster.nodes?.("master") ?? []) {
    if (node.status === "wait") node.connect().catch(() => undefined);
  }
}

async function isLoaded(server: RedisClient, late: string): Promise<boolean> {
  try {
    await within(connectTimeoutMs, server.call("ping"), late);
    return true;
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    if (text.startsWith("LOADING")) return false;
    // Not to be allowed PING is no harm.
    if (text.startsWith("NOPERM")) return true;
    throw error;
  }
}
