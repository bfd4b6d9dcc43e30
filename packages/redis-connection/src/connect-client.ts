import { SemelError } from "@semel/core";
import { otherDatabase, unreachable, withoutSecrets } from "./failure.ts";
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
 * @throws `STORE_UNAVAILABLE` with the reason; `BACKEND_UNSAFE` where the database asked for cannot be had.
 */
export async function connectClient(client: RedisClient, place: string, watch: Watch): Promise<void> {
  const { tls } = client.options as { readonly tls?: unknown };
  // A server that knows no TLS waits for the rest of what it takes for a command.
  const hint = tls ? "; it was addressed by TLS (rediss://), and a port without TLS is silent then: try redis://" : "";
  const late = `no answer within ${connectTimeoutMs / 1_000} s${hint}`;
  const loadedBy = performance.now() + loadingTimeoutMs;
  try {
    await within(connectTimeoutMs, client.connect(), late);
    const servers = client.nodes?.("master") ?? [client];
    for (const server of servers) {
      while (!(await isLoaded(server, late)) && performance.now() < loadedBy) await pause(200);
    }
    await within(connectTimeoutMs, selectDatabase(client, place), late);
  } catch (error) {
    if (SemelError.isInstance(error)) throw error;
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

/**
 * A client of ioredis that cannot select its database says so as an event, and goes on in database 0. So the server is
 * asked once more, where a refusal counts.
 */
async function selectDatabase(client: RedisClient, place: string): Promise<void> {
  const { db } = client.options as { readonly db?: unknown };
  if (typeof db !== "number" || db === 0) return;
  try {
    await client.call("select", db);
  } catch (error) {
    if (error instanceof Error && /^(ERR|NOPERM) /.test(error.message))
      throw otherDatabase(place, db, withoutSecrets(error));
    throw error;
  }
}

/**
 * The same for each connection that follows by itself: one that finds itself in database 0 is cut, so that nothing is
 * written there; the client tries again.
 */
export function cutInOtherDatabase(client: RedisClient, onCut: (error: Error) => void): void {
  client.on("error", (error: unknown) => {
    const { command } = (error ?? {}) as { readonly command?: { readonly name?: unknown } };
    if (command?.name !== "select") return;
    client.disconnect(true);
    onCut(withoutSecrets(error));
  });
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
