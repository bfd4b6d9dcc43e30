import { randomUUID } from "node:crypto";
import { createSemel, type EventName, type Runtime, type Semel, type SemelEvent } from "@semel/core";
import { startRedis } from "@semel/repo-tools/redis";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import { redis } from "../../src/index.ts";

export type Server = Awaited<ReturnType<typeof startRedis>>;

/** The server that the project's global setup has started. Others use it too: every test has a prefix of its own. */
export function sharedUrl(): string {
  const url = process.env.SEMEL_TEST_REDIS_URL;
  if (url) return url;
  throw new Error("SEMEL_TEST_REDIS_URL is not set: the tests of this package run in the vitest project redis");
}

/** A server to be killed, paused and filled up, that keeps what it confirmed. Ends with the test. */
export async function privateServer(): Promise<Server> {
  const server = await startRedis({ appendonly: true });
  onTestFinished(server.stop);
  return server;
}

export const freshPrefix = (): string => `test-${randomUUID()}`;

/** Who does to a server what operators and accidents do. */
export function admin(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: null });
  client.on("error", () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

export interface Place {
  readonly url: string;
  readonly prefix: string;
  readonly namespace?: string;
}

export interface Stage {
  readonly semel: Semel;
  readonly events: readonly SemelEvent[];
  named<N extends EventName>(name: N): Extract<SemelEvent, { name: N }>[];
}

/** A Semel on Redis that remembers its events and is closed when the test ends. */
export function stage({ url, prefix, namespace = "test" }: Place, runtime: Partial<Runtime> = {}): Stage {
  const events: SemelEvent[] = [];
  const semel = createSemel({
    ...redis(url, { prefix }),
    namespace,
    runtime,
    logger: false,
    hooks: [{ onEvent: (event) => void events.push(event) }],
  });
  onTestFinished(() => semel.close({ deadline: "1s" }));
  return {
    semel,
    events,
    named: <N extends EventName>(name: N) =>
      events.filter((event): event is Extract<SemelEvent, { name: N }> => event.name === name),
  };
}

/** A place on the shared server that is nobody else's. */
export const freshPlace = (url: string = sharedUrl()): Place => ({ url, prefix: freshPrefix() });
