import { randomUUID } from "node:crypto";
import { type Host, systemClock } from "@semel/core/adapter";
import { openRedis, type RedisClient, type RedisConnection, type RedisSource } from "@semel/redis-connection";
import { afterAll } from "vitest";

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

const wholeMs = "math.floor(time[2] / 1000)";

/** A connection whose server seems to be ahead by so many milliseconds: the scripts that go through it are told so. */
export function withLeap(connection: RedisConnection, leapMs: () => number): RedisConnection {
  const ahead = (client: RedisClient): RedisClient =>
    new Proxy(client, {
      get(target, name) {
        if (name === "call")
          return (command: string, ...args: (string | number | Buffer)[]) => call(target, command, args);
        if (name === "nodes") return target.nodes && ((role: "master") => target.nodes?.(role).map(ahead));
        return Reflect.get(target, name, target);
      },
    });
  const call = (
    client: RedisClient,
    command: string,
    [text, ...args]: (string | number | Buffer)[],
  ): Promise<unknown> => {
    // Not known by name, so that the text is sent.
    if (command === "evalsha") return Promise.reject(new Error("NOSCRIPT"));
    if (command !== "eval") return client.call(command, ...(text === undefined ? [] : [text]), ...args);
    return client.call("eval", String(text).replace(wholeMs, `${wholeMs} + ${leapMs()}`), ...args);
  };
  const leaping: RedisConnection = {
    get isCluster() {
      return connection.isCluster;
    },
    commands: async () => ahead(await connection.commands()),
    patient: () => connection.patient(),
    subscriber: () => connection.subscriber(),
    judge: () => connection.judge(),
    share: () => leaping,
    close: async () => {},
  };
  return leaping;
}
