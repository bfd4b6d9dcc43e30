import { readFileSync } from "node:fs";
import { openRedis, type RedisConnection } from "@semel/redis-connection";
import { startRedis } from "@semel/repo-tools/redis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { redisStore } from "../src/index.ts";
import { everything, keysLike } from "./everything.ts";
import { claim, claimed, completed, dead, keyOf, ran, reserve, settle, stepBegin, stepDone } from "./operations.ts";
import { freshPrefix, hostOf, started } from "./servers.ts";

/*
 * What can happen to a server, done to one of our own.
 */

describe("a server of our own", () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await startRedis({ appendonly: true });
    connection = openRedis(server.url);
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });
  const admin = () => connection.commands();
  const key = keyOf("server");

  test("a user with the rule of the README can do all that there is to do, and nothing outside", async () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const rule = /^ACL SETUSER semel on >(?:.*)$/m.exec(readme.replaceAll(/ \\\n\s*/g, " "))?.[0] ?? "";
    expect(rule).toContain("~semel:prod:* ~semel:{prod}:* &semel:prod:*");
    const [, , ...words] = rule.split(" ");
    await (await admin()).call("acl", "setuser", ...words.map((word) => (word.startsWith(">") ? ">secret" : word)));
    const host = hostOf("prod");
    const url = `redis://semel:secret@127.0.0.1:${server.port}`;
    const store = redisStore({ redis: url });
    await store.start(host);
    await everything(store);
    expect(host.problems).toEqual([]);
    await store[Symbol.asyncDispose]();
    expect(await keysLike(await admin(), "semel:prod:*")).not.toEqual([]);

    const stranger = redisStore({ redis: url });
    await expect(stranger.start(hostOf("staging"))).rejects.toThrow(/NOPERM|permission/i);
    await stranger[Symbol.asyncDispose]();
  });

  test("scripts that the server has forgotten are sent again", async () => {
    const store = await started(connection, freshPrefix());
    const forget = async () => (await admin()).call("script", "flush");
    await store.apply([reserve(key)]);
    await forget();
    const fence = await claimed(store, key);
    await forget();
    await Promise.all([
      store.apply([stepBegin(key, fence, "a"), stepDone(key, fence, "a", "1"), settle(key, fence, completed('"r"'))]),
      forget(),
      store.apply([claim(keyOf("other"))]),
    ]);
    await forget();
    expect(await store.result(key)).toBe('"r"');
    await forget();
    expect(await store.read([key, keyOf("other")])).toMatchObject([{ state: "completed" }, { state: "running" }]);
  });

  test("everything that was confirmed is there after the server was killed and started again", async () => {
    const prefix = freshPrefix();
    const store = await started(connection, prefix);
    await everything(store);
    const keys = ["w", "r", "d", "g"].map(keyOf);
    const contents = async () => ({
      records: await store.read(keys),
      results: await Promise.all(keys.map((one) => store.result(one))),
      letters: await store.list({}, { limit: 9 }),
      groups: await store.groups({}),
      workers: await store.workers(),
    });
    const before = await contents();
    expect(before.letters).toHaveLength(1);
    await server.kill();
    await expect(store.read(keys)).rejects.toThrow();
    await server.restart();
    // The first who come may find the connection not yet made anew.
    await vi.waitFor(async () => expect(await contents()).toEqual(before), { timeout: 20_000, interval: 20 });
  });

  test("keys of a newer format are refused and left alone, in their namespace and no other", async () => {
    const prefix = freshPrefix();
    const client = await admin();
    await client.call("set", `${prefix}:{prod}:format`, "2");
    const store = redisStore({ redis: connection, prefix });
    await expect(store.start(hostOf("prod"))).rejects.toMatchObject({ code: "BACKEND_UNSAFE" });
    await expect(store.apply([reserve(key)])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await keysLike(client, `${prefix}*`)).toEqual([`${prefix}:{prod}:format`]);
    expect(await client.call("get", `${prefix}:{prod}:format`)).toBe("2");
    const other = await started(connection, prefix, "staging");
    await ran(other, key, dead());
    expect(await client.call("get", `${prefix}:{staging}:format`)).toBe("1");
  });

  test("a store that was disposed of rejects with CLOSED, and leaves a connection that was handed in open", async () => {
    const own = redisStore({ redis: server.url, prefix: freshPrefix() });
    await own.start(hostOf("prod"));
    const shared = await started(connection, freshPrefix());
    for (const store of [own, shared]) {
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      const all = [
        () => store.apply([reserve(key)]),
        () => store.read([key]),
        () => store.result(key),
        () => store.list({}, { limit: 1 }),
        () => store.get(`${key}.a`),
        () => store.sweep(1),
        () => store.forget({ key }),
        () => store.workers(),
        () => store.start(hostOf("prod")),
      ];
      for (const call of all) await expect(call()).rejects.toMatchObject({ code: "CLOSED" });
    }
    expect(await (await admin()).call("ping")).toBe("PONG");
  });
});
