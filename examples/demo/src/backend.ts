import { hostname } from "node:os";
import { type Backend, createSemel, type Hook, type Semel, SemelError } from "@semel/core";
import { embedded } from "@semel/embedded";
import { redis } from "@semel/redis";
import { Redis } from "ioredis";
import { DemoError } from "./demo-error.ts";

/** Where queue and records are: in a folder, or on a Redis under a namespace of their own. */
export type BackendPlace =
  | { readonly kind: "embedded"; readonly directory: string }
  | { readonly kind: "redis"; readonly url: string; readonly namespace: string };

const prefix = "semel-demo";

/** Host, port and database of a URL, without what is secret. @throws {DemoError} `ARGUMENT_INVALID` */
export function redisAddress(url: string): string {
  backend({ kind: "redis", url, namespace: "none" });
  const { host, pathname } = new URL(url);
  return host + pathname.replace(/\/$/, "");
}

/** What it is called in a sentence. */
export const nameOf = (place: BackendPlace): string =>
  place.kind === "redis" ? `Redis at ${redisAddress(place.url)}` : "the embedded database";

/** A Semel that connects when it is used. No logger: the bar, the lines beside it and the table say it. */
export function openSemel(place: BackendPlace, hooks: readonly Hook[], deadline: "30s" | "60s"): Semel {
  // An embedded database takes its time to start. A Redis that takes long is not there.
  const own = place.kind === "redis" ? { namespace: place.namespace } : { deadline };
  return createSemel({ ...backend(place), ...own, logger: false, hooks });
}

/**
 * Connects, and makes sure that nobody else is at work there.
 * @throws {DemoError} `REDIS_UNUSABLE`, `STATE_IN_USE`; what `ready` rejects with where it is embedded, such as
 * `DIRECTORY_LOCKED`.
 */
export async function connect(semel: Semel, place: BackendPlace): Promise<void> {
  if (place.kind === "embedded") return semel.ready();
  try {
    await semel.ready();
  } catch (error) {
    throw SemelError.isInstance(error) ? new DemoError("REDIS_UNUSABLE", error.message) : error;
  }
  const busy = (await semel.workers()).map(({ where }) => where).find(mayLive);
  if (busy !== undefined) throw new DemoError("STATE_IN_USE", `process ${busy} is at work on the same folder`);
}

/** Connects, and lets go again: to know it before anything is begun. @throws as {@link connect} */
export async function demandRedis(where: BackendPlace & { readonly kind: "redis" }): Promise<void> {
  const semel = openSemel(where, [], "30s");
  await connect(semel, where).finally(() => semel.close());
}

/** Removes everything of a namespace from a Redis. */
export async function clear(url: string, namespace: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    await client.connect();
    // Nothing else has these letters in its name: a namespace is named by chance.
    for await (const keys of client.scanStream({ match: `${prefix}:*${namespace}*`, count: 1_000 }))
      if (keys.length > 0) await client.unlink(keys);
  } catch (error) {
    throw new DemoError("REDIS_UNUSABLE", `Redis at ${redisAddress(url)}: ${(error as Error).message}`);
  } finally {
    client.disconnect();
  }
}

function backend(place: BackendPlace): Backend {
  if (place.kind === "embedded") return embedded(place.directory);
  try {
    return redis(place.url, { prefix });
  } catch (error) {
    if (!SemelError.isInstance(error)) throw error;
    throw new DemoError("ARGUMENT_INVALID", `--redis: expected ${error.details.expected}`);
  }
}

/** `host:pid`. One that was killed stands there for half a minute more; of this machine's, it can be told. */
function mayLive(where: string): boolean {
  const [, host, pid] = /^(.*):(\d+)$/.exec(where) ?? [];
  if (host !== hostname()) return true;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
