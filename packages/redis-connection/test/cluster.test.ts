import { startRedisCluster } from "@semel/repo-tools/redis-cluster";
import { Cluster } from "ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { runScript, script } from "../src/index.ts";
import { opened, privateServer, rejection } from "./support/server.ts";

let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
beforeAll(async () => {
  cluster = await startRedisCluster({ args: ["--appendonly", "yes"] });
}, 90_000);
afterAll(() => cluster?.stop());

const set = script("return redis.call('set', KEYS[1], ARGV[1])");
const keys = Array.from({ length: 20 }, (_, at) => `key:${at}`);

test("every key is found, from one node's address, and every primary is judged", async () => {
  const { connection, problems } = opened({ cluster: cluster.nodes.slice(0, 1) });
  const client = await connection.commands();
  expect(connection.isCluster).toBe(true);
  for (const key of keys) expect(await runScript(client, set, [key], [key])).toBe("OK");
  const patient = await connection.patient();
  expect(await Promise.all(keys.map((key) => patient.call("get", key)))).toEqual(keys);
  expect(await connection.judge()).toMatchObject({ warnings: [], version: cluster.version });

  const last = cluster.servers.at(-1);
  const single = await opened(last?.url ?? "").connection.commands();
  await single.call("config", "set", "maxmemory-policy", "allkeys-lru");
  await single.call("config", "set", "maxmemory", "1gb");
  const { error } = await rejection(opened({ cluster: cluster.nodes }).connection.judge());
  expect(error).toMatchObject({ code: "BACKEND_UNSAFE", message: expect.stringContaining("allkeys-lru") });
  await single.call("config", "set", "maxmemory-policy", "noeviction");
  expect(problems).toEqual([]);
});

test("messages are heard", async () => {
  const { connection } = opened({ cluster: [cluster.url] });
  const [subscriber, client] = await Promise.all([connection.subscriber(), connection.commands()]);
  const heard = vi.fn<(channel: string, message: string) => void>();
  subscriber.on("message", heard);
  await subscriber.call("subscribe", "news");
  await client.call("publish", "news", "here");
  await vi.waitFor(() => expect(heard).toHaveBeenCalledWith("news", "here"));
});

test("a node given as a single server is refused", async () => {
  const { connection } = opened(cluster.url);
  const { error } = await rejection(connection.judge());
  expect(connection.isCluster).toBe(false);
  expect(error).toMatchObject({ code: "BACKEND_UNSAFE", message: expect.stringContaining("give { cluster: [") });
});

test("a Cluster of ioredis that is given stays open", async () => {
  const given = new Cluster([...cluster.nodes], { scaleReads: "slave" });
  onTestFinished(() => given.disconnect());
  await given.set("a", "1");
  const { connection } = opened(given);
  expect(connection.isCluster).toBe(true);
  expect(await (await connection.commands()).call("get", "a")).toBe("1");
  await connection.close();
  expect(await given.get("a")).toBe("1");
  expect(given.options.scaleReads).toBe("slave");
});

test("while a node is gone its keys fail, others do not; it is reported once, and found when it is back", async () => {
  const { connection, problems } = opened({ cluster: cluster.nodes });
  const client = await connection.commands();
  await Promise.all(keys.map((key) => client.call("set", key, key)));
  const [down] = cluster.servers;
  if (down === undefined) throw new Error("no node");
  await down.kill();
  const since = performance.now();
  const results = await Promise.allSettled(keys.map((key) => client.call("get", key)));
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["fulfilled", "rejected"]));
  await vi.waitFor(async () => {
    await Promise.allSettled(keys.map((key) => client.call("get", key)));
    expect(problems).toEqual([expect.stringMatching(/^the node 127\.0\.0\.1:\d+ of the Cluster of .* is lost/)]);
  });

  await down.restart();
  await vi.waitFor(() => Promise.all(keys.map((key) => client.call("get", key))), { timeout: 15_000 });
  expect(problems).toHaveLength(1);
});

test("nodes that are gone, and one that is in no Cluster, reject with the reason", async () => {
  const nobody = opened({ cluster: [{ host: "127.0.0.1", port: 1 }] }).connection;
  const gone = await rejection(nobody.commands());
  expect(gone.error).toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(gone.error.message).toMatch(/^Redis at the Cluster of 127\.0\.0\.1:1 cannot be used: .*Connection is closed/);
  expect(gone.ms).toBeLessThan(6_500);

  const { host, port } = await privateServer();
  const { error } = await rejection(opened({ cluster: [{ host, port }] }).connection.commands());
  expect(error.message).toContain("cluster support disabled");
});
