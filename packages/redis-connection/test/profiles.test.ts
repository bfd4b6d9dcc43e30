import { startProxy } from "@semel/repo-tools/cutting-proxy";
import { expect, onTestFinished, test, vi } from "vitest";
import type { RedisClient } from "../src/index.ts";
import { opened, privateServer, rejection } from "./support/server.ts";

const answers = (client: RedisClient): Promise<unknown> => client.call("ping");

test("commands: what is under way when the server dies rejects, what comes then too, and it is back soon", async () => {
  const server = await privateServer();
  const { connection, problems } = opened(server.url);
  const client = await connection.commands();
  await server.pause();
  const underWay = rejection(client.call("get", "a"));
  const killedAt = performance.now();
  await server.kill();
  expect((await underWay).error.message).toMatch(/retries per request/);
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  const offline = await rejection(client.call("set", "a", "offline"));
  expect(offline.ms).toBeLessThan(100);

  await server.restart();
  const backAt = performance.now();
  await vi.waitFor(() => answers(client), { timeout: 5_000, interval: 20 });
  expect(performance.now() - backAt).toBeLessThan(2_000);
  // Nothing was kept to be sent later.
  expect(await client.call("get", "a")).toBeNull();
  expect(problems).toEqual([
    expect.stringMatching(/^the connection to Redis at 127\.0\.0\.1:\d+ is lost.*trying again$/),
  ]);
});

test("patient: what comes while the server is gone is done when it is back", async () => {
  const server = await privateServer();
  const { connection, problems } = opened(server.url);
  const client = await connection.patient();
  await answers(client);
  await server.kill();
  const kept = client.call("set", "a", "kept");
  await vi.waitFor(() => expect(problems).toHaveLength(1));
  await server.restart();
  expect(await kept).toBe("OK");
  expect(problems).toHaveLength(1);
});

test("patient: waits for a server that is not there yet, and says so once", async () => {
  const server = await privateServer();
  await server.kill();
  const { connection, problems } = opened(server.url);
  const kept = (await connection.patient()).call("ping");
  await vi.waitFor(() => expect(problems).toEqual([expect.stringMatching(/cannot be reached: connect ECONNREFUSED/)]));
  await server.restart();
  expect(await kept).toBe("PONG");
  expect(problems).toHaveLength(1);
});

test("commands: a first connection that fails rejects with the reason, and the next call tries again", async () => {
  const server = await privateServer();
  await server.kill();
  const { connection, problems } = opened(server.url);
  const { error, ms } = await rejection(connection.commands());
  expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", isRetryable: true });
  expect(error.message).toMatch(/^Redis at 127\.0\.0\.1:\d+ cannot be used: connect ECONNREFUSED/);
  expect(ms).toBeLessThan(2_000);
  await server.restart();
  expect(await answers(await connection.commands())).toBe("PONG");
  expect(problems).toEqual([]);
});

test("commands: a server that accepts and says nothing is given 5 s", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  await server.pause();
  const { error, ms } = await rejection(connection.commands());
  await server.resume();
  expect(error.message).toMatch(/no answer within 5 s/);
  expect(ms).toBeLessThan(7_000);
  expect(await answers(await connection.commands())).toBe("PONG");
});

test("all who ask get the same client, and a new one when somebody has ended it", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  const [first, second, patient] = await Promise.all([
    connection.commands(),
    connection.commands(),
    connection.patient(),
  ]);
  expect(second).toBe(first);
  expect(await connection.patient()).toBe(patient);
  await first.quit();
  await vi.waitFor(() => expect(first.status).toBe("end"));
  const anew = await connection.commands();
  expect(anew).not.toBe(first);
  expect(await answers(anew)).toBe("PONG");
});

test("a subscriber hears again after the server was gone", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  const [subscriber, client] = await Promise.all([connection.subscriber(), connection.commands()]);
  const heard = vi.fn<(channel: string, message: string) => void>();
  subscriber.on("message", heard);
  await subscriber.call("subscribe", "news");
  await server.restart();
  await vi.waitFor(
    async () => {
      await client.call("publish", "news", "back");
      expect(heard).toHaveBeenCalledWith("news", "back");
    },
    { timeout: 5_000 },
  );
});

test.each(["commands", "patient", "subscriber"] as const)("%s: a half-open connection is noticed", async (profile) => {
  const server = await privateServer();
  const proxy = await startProxy({ port: server.port });
  onTestFinished(proxy.stop);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { connection, problems } = opened(`redis://127.0.0.1:${proxy.port}`);
  const client = await connection[profile]();
  let cuts = 0;
  client.on("reconnecting", () => {
    cuts += 1;
  });
  expect(await answers(client)).toBe("PONG");
  proxy.swallow();
  const lost = client.call("ping").then(
    () => "answered",
    () => "rejected",
  );
  // Asked, and missed twice.
  vi.advanceTimersByTime(12_000);
  await vi.waitFor(() => expect(cuts).toBe(1), { timeout: 3_000 });
  // The next connection is no better, whether it becomes ready or not.
  await vi.waitFor(() => expect(["connect", "ready"]).toContain(client.status), { timeout: 3_000 });
  vi.advanceTimersByTime(12_000);
  await vi.waitFor(() => expect(cuts).toBe(2), { timeout: 3_000 });
  proxy.flow();
  await vi.waitFor(() => answers(client), { timeout: 5_000 });
  expect(await lost).toBe(profile === "commands" ? "rejected" : "answered");
  expect(problems).toHaveLength(1);
});

test("a connection that answers is left alone, however long it is idle or busy", async () => {
  const server = await privateServer();
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { connection, problems } = opened(server.url);
  const client = await connection.commands();
  const id = await client.call("client", "id");
  for (let beats = 0; beats < 10; beats += 1) {
    vi.advanceTimersByTime(4_000);
    await answers(client);
  }
  expect(await client.call("client", "id")).toBe(id);
  expect(problems).toEqual([]);
});

test("a primary that has become a replica is left, and found again", async () => {
  const [server, other] = await Promise.all([privateServer(), privateServer()]);
  const { connection, problems } = opened(server.url);
  const client = await connection.commands();
  const admin = await opened(server.url).connection.commands();
  const id = await client.call("client", "id");
  await admin.call("replicaof", other.host, other.port);
  await expect(client.call("set", "a", 1)).rejects.toThrow("READONLY");
  await vi.waitFor(() => answers(client), { timeout: 5_000 });
  expect(await client.call("client", "id")).not.toBe(id);
  expect(problems.length).toBeLessThanOrEqual(1);
});
