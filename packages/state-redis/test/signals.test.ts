import { setImmediate } from "node:timers/promises";
import { openRedis, type RedisConnection } from "@semel/redis-connection";
import { startRedis } from "@semel/repo-tools/redis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { redisStore } from "../src/index.ts";
import { connected, freshPrefix, hostOf, servers, started } from "./servers.ts";

const soon = { timeout: 20_000, interval: 10 };

describe.each(servers)("signals on $name", ({ source }) => {
  const connection = connected(source);
  const another = connected(source);

  test("reach every store of the namespace, on any connection, and no other", async () => {
    const prefix = freshPrefix();
    const [one, two, foreign] = [
      await started(connection(), prefix),
      await started(another(), prefix),
      await started(another(), prefix, "staging"),
    ];
    const heard: string[] = [];
    for (const store of [one, two, foreign])
      for (const topic of ["changed", "cancel"] as const)
        await store.signals.subscribe(topic, (id) =>
          heard.push(`${topic} ${id} ${[one, two, foreign].indexOf(store)}`),
        );
    one.signals.publish("changed", "a");
    two.signals.publish("cancel", 'b "and a space" \ud800');
    await vi.waitFor(() => expect(heard).toHaveLength(4), soon);
    expect(heard.toSorted()).toEqual([
      'cancel b "and a space" \ud800 0',
      'cancel b "and a space" \ud800 1',
      "changed a 0",
      "changed a 1",
    ]);
  });

  test("of one turn are one message a topic, each id once", async () => {
    const prefix = freshPrefix();
    const [one, two] = [await started(connection(), prefix), await started(another(), prefix)];
    const heard: string[] = [];
    await two.signals.subscribe("changed", (id) => heard.push(id));
    const messages: string[] = [];
    const listener = await connection().subscriber();
    listener.on("message", (_channel, message: string) => messages.push(message));
    await listener.call("subscribe", `${prefix}:prod:changed`);
    const ids = Array.from({ length: 300 }, (_, at) => `id-${at}`);
    for (const id of [...ids, ...ids]) one.signals.publish("changed", id);
    await vi.waitFor(() => expect(heard).toHaveLength(ids.length), soon);
    await vi.waitFor(() => expect(messages).toHaveLength(1), soon);
    expect(heard).toEqual(ids);
    listener.disconnect();
  });

  test("a listener that throws is reported, and takes nothing from the others", async () => {
    const host = hostOf("prod");
    const store = redisStore({ redis: source(), prefix: freshPrefix(), allowNoPersistence: true });
    await store.start(host);
    const heard: string[] = [];
    await store.signals.subscribe("changed", () => {
      throw new Error("not for me");
    });
    const second = await store.signals.subscribe("changed", (id) => heard.push(id));
    store.signals.publish("changed", "a");
    await vi.waitFor(() => expect(heard).toEqual(["a"]), soon);
    expect(host.problems).toEqual(["a listener for signals threw"]);
    await second[Symbol.asyncDispose]();
    store.signals.publish("changed", "b");
    await vi.waitFor(() => expect(host.problems).toHaveLength(2), soon);
    expect(heard).toEqual(["a"]);
    await store[Symbol.asyncDispose]();
  });
});

describe("signals when Redis goes away", () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await startRedis({});
    connection = openRedis(server.url, { allowNoPersistence: true });
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  /** Publishes until it has been heard: Redis keeps nothing for those who are away. */
  const heardAgain = (publish: () => void, heard: readonly string[]): Promise<void> =>
    vi.waitFor(() => {
      publish();
      expect(heard.length).toBeGreaterThan(0);
    }, soon);

  test("a subscription survives that its connection is cut, and a restart of the server", async () => {
    const store = await started(connection, freshPrefix());
    const heard: string[] = [];
    await store.signals.subscribe("changed", (id) => heard.push(id));
    const client = await connection.commands();
    for (const breakIt of [() => client.call("client", "kill", "type", "pubsub"), () => server.restart()]) {
      heard.length = 0;
      await breakIt();
      await heardAgain(() => store.signals.publish("changed", "x"), heard);
    }
  });

  test("to publish while it is away neither throws, nor rejects, nor is made up for", async () => {
    const store = await started(connection, freshPrefix());
    const heard: string[] = [];
    await store.signals.subscribe("changed", (id) => heard.push(id));
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    await server.kill();
    for (let at = 0; at < 1_000; at++) {
      store.signals.publish("changed", `lost-${at}`);
      if (at % 100 === 0) await setImmediate();
    }
    await setImmediate();
    await server.restart();
    await heardAgain(() => store.signals.publish("changed", "after"), heard);
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
    expect(new Set(heard)).toEqual(new Set(["after"]));
  });

  test("what others publish on the channel ends nobody", async () => {
    const host = hostOf("prod");
    const prefix = freshPrefix();
    const store = redisStore({ redis: server.url, prefix, allowNoPersistence: true });
    await store.start(host);
    const heard: string[] = [];
    await store.signals.subscribe("changed", (id) => heard.push(id));
    const client = await connection.commands();
    for (const message of ["", "null", "{", '"x"', '["ours"]'])
      await client.call("publish", `${prefix}:prod:changed`, message);
    await vi.waitFor(() => expect(heard).toEqual(["ours"]), soon);
    expect(host.problems).toHaveLength(4);
    await store[Symbol.asyncDispose]();
  });

  test("dispose ends the connection that listens, and nothing is published after it", async () => {
    const url = server.url;
    const store = redisStore({ redis: url, prefix: freshPrefix(), allowNoPersistence: true });
    await store.start(hostOf("prod"));
    const client = await connection.commands();
    const listening = async (): Promise<number> =>
      String(await client.call("client", "list", "type", "pubsub"))
        .split("\n")
        .filter(Boolean).length;
    const before = await listening();
    await store.signals.subscribe("changed", () => {});
    await vi.waitFor(async () => expect(await listening()).toBe(before + 1), soon);
    await store[Symbol.asyncDispose]();
    await vi.waitFor(async () => expect(await listening()).toBe(before), soon);
    store.signals.publish("changed", "late");
    await setImmediate();
    await expect(store.signals.subscribe("changed", () => {})).rejects.toMatchObject({ code: "CLOSED" });
  });
});
