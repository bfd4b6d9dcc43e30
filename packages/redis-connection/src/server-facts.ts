import { SemelError } from "@semel/core";
import type { RedisClient } from "./redis-client.ts";

/** What is known of a server; `undefined` is what it would not say. */
export interface ServerFacts {
  /** The version of Redis, or for a relative (Valkey, KeyDB …) the one that it claims to be like. */
  readonly version: string | undefined;
  readonly mode: "standalone" | "cluster" | "sentinel" | undefined;
  readonly isReplica: boolean;
  readonly isLoading: boolean;
  readonly policy: string | undefined;
  /** In bytes; 0 is no limit. */
  readonly maxMemory: number | undefined;
  readonly hasLog: boolean | undefined;
  readonly hasSnapshots: boolean | undefined;
}

/** Asks `INFO`, and `CONFIG GET` for what that does not tell; many a user may not run the latter. */
export async function readServer(server: RedisClient): Promise<ServerFacts> {
  const info = fieldsOf(String(await ask(server, "info")));
  const version = info.get("redis_version");
  const mode = info.get("redis_mode") ?? (info.get("cluster_enabled") === "1" ? "cluster" : undefined);
  const isLoading = info.get("loading") === "1";
  const maxMemory = info.get("maxmemory") ?? (await setting(server, "maxmemory"));
  const log = info.get("aof_enabled") ?? (await setting(server, "appendonly"));
  const hasLog = log === undefined ? undefined : log === "1" || log === "yes";
  // Whether there are snapshots is asked only where nothing better is known, as INFO does not tell.
  const snapshots = hasLog === true ? undefined : await setting(server, "save");
  return {
    version,
    mode: mode as ServerFacts["mode"],
    isReplica: info.get("role") === "slave",
    isLoading,
    policy: info.get("maxmemory_policy") ?? (await setting(server, "maxmemory-policy")),
    maxMemory: maxMemory === undefined ? undefined : Number(maxMemory),
    hasLog,
    hasSnapshots: snapshots === undefined ? undefined : snapshots !== "",
  };
}

/**
 * Runs one of the commands that everything depends on.
 * @throws `BACKEND_UNSAFE` when the user may not; whatever the client rejects with otherwise.
 */
export async function ask(server: RedisClient, command: "info" | "time"): Promise<unknown> {
  try {
    return await server.call(command);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOPERM"))) throw error;
    const text = `the user of Redis may not run ${command.toUpperCase()}, which is needed: grant +${command}`;
    throw new SemelError("BACKEND_UNSAFE", text);
  }
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const pairs = info.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
  });
  return new Map(pairs);
}

/** `undefined` where asking is forbidden or the setting is not known. */
async function setting(server: RedisClient, name: string): Promise<string | undefined> {
  try {
    const reply = await server.call("config", "get", name);
    return Array.isArray(reply) && typeof reply[1] === "string" ? reply[1] : undefined;
  } catch (error) {
    // Any answer but the one we want is "will not say"; no answer at all is another matter.
    if (error instanceof Error && error.name === "ReplyError") return undefined;
    throw error;
  }
}
