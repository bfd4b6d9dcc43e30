import { randomUUID } from "node:crypto";
import { type Host, systemClock } from "@semel/core/adapter";
import { openRedis, type RedisConnection, type RedisSource } from "@semel/redis-connection";
import { afterAll } from "vitest";
import { type RedisStore, redisStore } from "../src/index.ts";

/** The servers that the project's global setup has started. Others may use them too: every test has keys of its own. */
export const servers: readonly { readonly name: string; readonly source: () => RedisSource }[] = [
  { name: "Redis", source: () => given("SEMEL_TEST_REDIS_URL") },
  { name: "Redis Cluster", source: () => ({ cluster: given("SEMEL_TEST_REDIS_CLUSTER").split(",").map(node) }) },
];

function given(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: the tests of this package run in the vitest project state-redis`);
}

function node(address: string): { host: string; port: number } {
  const [host = "", port = ""] = address.split(":");
  return { host, port: Number(port) };
}

/** One connection for the file, closed after it. */
export function connected(source: () => RedisSource): () => RedisConnection {
  let connection: RedisConnection | undefined;
  afterAll(() => connection?.close());
  return () => {
    connection ??= openRedis(source(), { allowNoPersistence: true });
    return connection;
  };
}

/** A prefix nobody else has. */
export const freshPrefix = (): string => `test-${randomUUID()}`;

export function hostOf(namespace: string): Host & { readonly problems: string[] } {
  const problems: string[] = [];
  return { namespace, clock: systemClock, problems, report: ({ text }) => void problems.push(text) };
}

/** A store that has started. */
export async function started(
  redis: RedisSource | RedisConnection,
  prefix: string,
  namespace = "prod",
): Promise<RedisStore> {
  const store = redisStore({ redis, prefix, allowNoPersistence: true });
  await store.start(hostOf(namespace));
  return store;
}

type Argument = string | number | Buffer;

/** Whether it is the call of this script. Names of scripts are sent first, and their texts only where need be. */
export const calls = (script: { readonly sha1: string; readonly text: string }, args: readonly Argument[]): boolean =>
  args[0] === script.sha1 || args[0] === script.text;

export { intercepted, redisAhead as withLeap, redisAt as withClock } from "@semel/repo-tools/turned-time";
