import { randomUUID } from "node:crypto";
import { type Host, systemClock } from "@semel/core/adapter";
import { openRedis, type RedisClient, type RedisConnection, type RedisSource } from "@semel/redis-connection";
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
type Send = (command: string, ...args: Argument[]) => Promise<unknown>;

/** The same connection, with a say in every command that is not for subscribing. */
export function intercepted(
  connection: RedisConnection,
  intercept: (send: Send, command: string, args: Argument[]) => Promise<unknown>,
): RedisConnection {
  const through = (client: RedisClient): RedisClient =>
    new Proxy(client, {
      get(target, name) {
        const send: Send = (command, ...args) => target.call(command, ...args);
        if (name === "call") return (command: string, ...args: Argument[]) => intercept(send, command, args);
        if (name === "nodes") return target.nodes && ((role: "master") => target.nodes?.(role).map(through));
        return Reflect.get(target, name, target);
      },
    });
  const ours: RedisConnection = {
    get isCluster() {
      return connection.isCluster;
    },
    commands: async () => through(await connection.commands()),
    patient: () => connection.patient(),
    subscriber: () => connection.subscriber(),
    judge: () => connection.judge(),
    share: () => ours,
    close: async () => {},
  };
  return ours;
}

/** Whether it is the call of this script. Names of scripts are sent first, and their texts only where need be. */
export const calls = (script: { readonly sha1: string; readonly text: string }, args: readonly Argument[]): boolean =>
  args[0] === script.sha1 || args[0] === script.text;

function withScripts(
  connection: RedisConnection,
  rewrite: (text: string, args: Argument[]) => readonly [text: string, args: Argument[]],
): RedisConnection {
  return intercepted(connection, async (send, command, args) => {
    // Not known by name, so that the text is sent.
    if (command === "evalsha") throw new Error("NOSCRIPT");
    if (command !== "eval") return send(command, ...args);
    const [text, rest] = rewrite(String(args[0]), args.slice(1));
    return send("eval", text, ...rest);
  });
}

const wholeMs = "math.floor(time[2] / 1000)";
const theTime = `time[1] * 1000 + ${wholeMs}`;

/** A connection whose server seems to be ahead by so many milliseconds: the scripts that go through it are told so. */
export const withLeap = (connection: RedisConnection, leapMs: () => number): RedisConnection =>
  withScripts(connection, (text, args) => [text.replace(wholeMs, `${wholeMs} + ${leapMs()}`), args]);

/** What is told the time goes by it in all it does. Redis itself goes on to count what is left of a key by its own. */
const told = `
local given = tonumber(table.remove(ARGV))
local function left_of(key)
  local left, time = redis.call('PTTL', key), redis.call('TIME')
  return left < 0 and left or left + ${theTime} - given
end
`;

/** A connection whose scripts are told what time it is. Keys expire by the server's own clock, which must be behind. */
export const withClock = (connection: RedisConnection, now: () => number): RedisConnection =>
  withScripts(connection, (text, args) => {
    if (!text.includes(theTime)) return [text, args];
    // One text for all times, as a server keeps every text it has seen.
    const turned = text.replace(theTime, "given").replaceAll("redis.call('PTTL', ", "left_of(");
    return [told + turned, [...args, now()]];
  });
