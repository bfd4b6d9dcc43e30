import { startRedis } from "@semel/repo-tools/redis";
import { Redis } from "ioredis";
import type { Place } from "./peers/peer.ts";

/** A Redis of the bench's own, and places in it. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  /** For questions about the server itself. */
  readonly redis: Redis;
  /** A place where nobody has been. */
  place(): Place;
  /** Forgets everything that any place holds. */
  clear(): Promise<void>;
}

let places = 0;
let version: string | undefined;

/** The version of the Redis that was measured with; `undefined` if none was. */
export const redisVersion = (): string | undefined => version;

/** @throws what `startRedis` throws where there is no Redis to be had. */
export async function startServer(): Promise<Server> {
  // A private one: it is emptied between measurements.
  const server = await startRedis();
  const { url, stop } = server;
  version = server.version;
  const redis = new Redis(url);
  return {
    url,
    redis,
    place() {
      places += 1;
      return { url, name: `bench-${String(places).padStart(3, "0")}` };
    },
    clear: async () => void (await redis.flushall()),
    async [Symbol.asyncDispose]() {
      await redis.quit();
      await stop();
    },
  };
}

/** One number of INFO. */
export async function infoNumber(redis: Redis, section: string, field: string): Promise<number> {
  const info = await redis.info(section);
  return Number(new RegExp(`^${field}:(\\d+)`, "m").exec(info)?.[1] ?? Number.NaN);
}
