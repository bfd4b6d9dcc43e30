import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend } from "@semel/core/adapter";
import { embedded } from "@semel/embedded";
import { bullmqQueue } from "@semel/queue-bullmq";
import { redis } from "@semel/redis";
import { type Postgres, startPostgres } from "@semel/repo-tools/postgres";
import { type Redis, startRedis } from "@semel/repo-tools/redis";
import { postgresStore } from "@semel/state-postgres";
import pg from "pg";
import type { Setting } from "./run.ts";

/** Where queue and store are, as it can be told to another process. */
export type Place =
  | { readonly on: "redis"; readonly url: string }
  | { readonly on: "postgres"; readonly url: string }
  | { readonly on: "embedded"; readonly directory: string };

/** How each is called where people read it. */
export const nameOf: Readonly<Record<Place["on"], string>> = {
  redis: "Redis",
  postgres: "PostgreSQL",
  embedded: "embedded",
};

export function backendAt(place: Place): Backend {
  switch (place.on) {
    case "redis":
      return redis(place.url);
    case "embedded":
      return embedded(place.directory, { waitForLock: "20s" });
    case "postgres":
      return onPostgres(place.url);
  }
}

/** Queue and store on one server, as an application puts them together. */
function onPostgres(url: string): Backend {
  const connect = (max: number) => () => {
    const pool = new pg.Pool({ connectionString: url, max });
    // That a connection breaks is told to whoever uses it.
    pool.on("error", () => undefined);
    return pool;
  };
  const close = (pool: unknown): Promise<void> => (pool as pg.Pool).end();
  const queue = bullmqQueue({ postgres: connect(6), close });
  const store = postgresStore({ client: connect(6), close });
  return { queue, store, deadLetters: store, startDeadlineMs: 60_000 };
}

/** A server of the run's own that keeps what it confirmed. */
export async function redisServer({ resources }: Setting): Promise<Redis> {
  const server = await startRedis({ appendonly: true });
  resources.defer(server.stop);
  return server;
}

export async function postgresServer({ resources }: Setting): Promise<Postgres> {
  const server = await startPostgres({ private: true });
  resources.defer(server.stop);
  return server;
}

/** A place where nobody has been. */
export async function freshPlace(setting: Setting, on: Place["on"]): Promise<Place> {
  if (on === "redis") return { on, url: (await redisServer(setting)).url };
  if (on === "postgres") return { on, url: (await postgresServer(setting)).url };
  const directory = mkdtempSync(join(tmpdir(), "semel-faults-"));
  setting.resources.defer(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return { on, directory };
}
