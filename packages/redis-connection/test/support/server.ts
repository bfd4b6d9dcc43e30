import { startRedis } from "@semel/repo-tools/redis";
import { onTestFinished } from "vitest";
import { openRedis, type RedisConnection, type RedisConnectionOptions, type RedisSource } from "../../src/index.ts";

export type Server = Awaited<ReturnType<typeof startRedis>>;

/** A private server that ends with the test at the latest. */
export async function privateServer(...args: string[]): Promise<Server> {
  const server = await startRedis({ args });
  onTestFinished(server.stop);
  return server;
}

export interface Opened {
  readonly connection: RedisConnection;
  /** What was reported so far. */
  readonly problems: string[];
}

/** A connection that is closed with the test at the latest. */
export function opened(source: RedisSource, options: RedisConnectionOptions = {}): Opened {
  const problems: string[] = [];
  const connection = openRedis(source, { onProblem: (text) => problems.push(text), ...options });
  onTestFinished(() => connection.close());
  return { connection, problems };
}

/** What a promise rejects with, and how long that took. In milliseconds. */
export async function rejection(promise: Promise<unknown>): Promise<{ error: Error & { code?: string }; ms: number }> {
  const since = performance.now();
  try {
    await promise;
  } catch (error) {
    return { error: error as Error, ms: performance.now() - since };
  }
  throw new Error("it did not reject");
}
