import { expect, test, vi } from "vitest";
import { findingsOf } from "../src/findings.ts";
import type { RedisClient } from "../src/index.ts";
import { readServer } from "../src/server-facts.ts";
import { opened, privateServer, rejection } from "./support/server.ts";

const user = ["--user", "app", "on", ">secret", "~*", "&*", "+@all"];
const noDisk = "It keeps nothing on disk: its restart loses all jobs. Set appendonly to yes.";

test("a server that keeps a log is good, and its clock goes on", async () => {
  const server = await privateServer("--appendonly", "yes");
  const { connection } = opened(server.url);
  const judgement = await connection.judge();
  expect(judgement).toMatchObject({ warnings: [], version: server.version });
  expect(Math.abs(judgement.now - Date.now())).toBeLessThan(1_000);

  const later = performance.now() + 3_600_000;
  vi.spyOn(performance, "now").mockReturnValue(later);
  const anHourLater = await connection.judge();
  expect(anHourLater.now - judgement.now).toBeGreaterThan(3_599_000);
  expect(anHourLater.now - judgement.now).toBeLessThan(3_630_000);
});

test("snapshots alone are named", async () => {
  const server = await privateServer("--save", "3600 1");
  const { warnings } = await opened(server.url).connection.judge();
  expect(warnings).toEqual([expect.stringContaining("snapshots only (RDB)")]);
});

test("no persistence is named, and refused in production unless it is allowed", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  vi.stubEnv("NODE_ENV", "production");
  const { error } = await rejection(connection.judge());
  expect(error.code).toBe("BACKEND_UNSAFE");
  expect(error.message).toContain(`${noDisk} Or say allowNoPersistence: true`);
  const allowed = opened(server.url, { allowNoPersistence: true }).connection;
  expect((await allowed.judge()).warnings).toEqual([expect.stringContaining(noDisk)]);

  // What was refused is looked at again.
  vi.stubEnv("NODE_ENV", "test");
  expect((await connection.judge()).warnings).toEqual([expect.stringContaining(noDisk)]);
});

test("a server that deletes when memory is full is refused; one that would if there was a limit is named", async () => {
  const server = await privateServer("--appendonly", "yes", "--maxmemory-policy", "allkeys-lru");
  const { connection } = opened(server.url);
  const { warnings } = await connection.judge();
  expect(warnings).toEqual([expect.stringMatching(/maxmemory-policy is allkeys-lru: once maxmemory is set/)]);

  await (await connection.commands()).call("config", "set", "maxmemory", "100mb");
  const { error } = await rejection(opened(server.url).connection.judge());
  expect(error.code).toBe("BACKEND_UNSAFE");
  expect(error.message).toMatch(
    /memory is full at 104857600 bytes, it deletes jobs. Set maxmemory-policy to noeviction/,
  );
});

test("a limit of memory alone is no fault", async () => {
  const server = await privateServer("--appendonly", "yes", "--maxmemory", "100mb");
  expect((await opened(server.url).connection.judge()).warnings).toEqual([]);
});

test("a replica is refused", async () => {
  const primary = await privateServer();
  const replica = await privateServer("--replicaof", `${primary.host} ${primary.port}`, "--appendonly", "yes");
  const { error } = await rejection(opened(replica.url).connection.judge());
  expect(error).toMatchObject({ code: "BACKEND_UNSAFE", message: expect.stringContaining("give the primary") });
});

test("a user who may not run CONFIG is told what stays unknown", async () => {
  const server = await privateServer(...user, "-config");
  const url = `redis://app:secret@127.0.0.1:${server.port}`;
  const { warnings } = await opened(url).connection.judge();
  expect(warnings).toEqual([expect.stringContaining("Whether it keeps anything on disk is unknown")]);
});

test.each(["info", "time"])("a user who may not run %s is told to be granted it", async (command) => {
  const server = await privateServer(...user, `-${command}`);
  const url = `redis://app:secret@127.0.0.1:${server.port}`;
  const { error } = await rejection(opened(url).connection.judge());
  expect(error).toMatchObject({ code: "BACKEND_UNSAFE", message: expect.stringContaining(`grant +${command}`) });
});

test("a user who may not run PING, and a server whose CONFIG has another name, will do", async () => {
  const server = await privateServer(...user, "-ping", "--rename-command", "CONFIG", "");
  const url = `redis://app:secret@127.0.0.1:${server.port}`;
  expect((await opened(url).connection.judge()).warnings).toHaveLength(1);
});

test("a server that is gone is no judgement, and is asked again when it is back", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  await connection.commands();
  await server.kill();
  expect((await rejection(connection.judge())).error.code).toBe("STORE_UNAVAILABLE");
  await server.restart();
  await vi.waitFor(() => connection.judge(), { timeout: 5_000 });
});

test("a server that is reading its files is waited for", { timeout: 60_000 }, async () => {
  // A tenth of a millisecond for each key, and an ear for others meanwhile.
  const slowly = ["--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024"];
  const server = await privateServer("--enable-debug-command", "yes", ...slowly);
  const before = opened(server.url).connection;
  const client = await before.commands();
  await client.call("debug", "populate", 20_000, "key", 100);
  await client.call("save");
  const restarting = server.restart();
  await vi.waitFor(() => expect(client.call("ping")).rejects.toThrow(/^LOADING/), { timeout: 20_000, interval: 5 });
  const [judgement, opening] = await Promise.all([before.judge(), opened(server.url).connection.commands()]);
  expect(judgement.version).toBe(server.version);
  expect(await opening.call("dbsize")).toBe(20_000);
  await restarting;
});

const circumstances = { isCluster: false, isProduction: true, allowNoPersistence: false };

/** The parts of INFO that matter here, as servers answer it that no test can start. */
const relatives: readonly [string, readonly string[], readonly RegExp[]][] = [
  ["Valkey 8", ["redis_version:7.2.4", "server_name:valkey", "valkey_version:8.0.1", "redis_mode:standalone"], []],
  ["Redis 6.2", ["redis_version:6.2.0"], []],
  ["Redis 10", ["redis_version:10.0.0"], []],
  ["Redis 6.0", ["redis_version:6.0.16"], [/^refusal: It is version 6\.0\.16: Redis 6\.2 or newer/]],
  ["Redis 5", ["redis_version:5.0.14"], [/^refusal: It is version 5\.0\.14/]],
  ["a server of no version", [], [/^warning: The version of the server is unknown/]],
  ["a Sentinel", ["redis_version:7.0.15", "redis_mode:sentinel"], [/^refusal: This is a Sentinel .* \{ sentinels/]],
];

test.each(relatives)("%s is judged by what it says of itself", async (_, lines, expected) => {
  const info = [...lines, "role:master", "aof_enabled:1", "maxmemory:0", "maxmemory_policy:noeviction"].join("\r\n");
  const answering = { call: async () => `# Server\r\n${info}\r\n` } as unknown as RedisClient;
  const found = findingsOf(await readServer(answering), circumstances).map(({ kind, text }) => `${kind}: ${text}`);
  expect(found).toEqual(expected.map((text) => expect.stringMatching(text)));
});

test("a service that tells neither its policy nor its persistence is used with a warning", () => {
  const unknown = { policy: undefined, maxMemory: undefined, hasLog: undefined, hasSnapshots: undefined };
  const facts = { version: "7.2.4", mode: undefined, isReplica: false, isLoading: false, ...unknown };
  expect(findingsOf(facts, circumstances)).toEqual([
    { kind: "warning", text: expect.stringContaining("maxmemory-policy is unknown") },
    { kind: "warning", text: expect.stringContaining("on disk is unknown") },
  ]);
});
