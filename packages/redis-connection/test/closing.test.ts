import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startProxy } from "@semel/repo-tools/cutting-proxy";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadIoredis } from "../src/load-ioredis.ts";
import { opened, privateServer, rejection } from "./support/server.ts";

const closed = { code: "CLOSED" };

test("after close every call rejects, and closing again is no harm", async () => {
  const server = await privateServer();
  const { connection, problems } = opened(server.url);
  const clients = await Promise.all([connection.commands(), connection.patient(), connection.subscriber()]);
  const closing = [connection.close(), connection.close()];
  await Promise.all(closing);
  expect(clients.map(({ status }) => status)).toEqual(["end", "end", "end"]);
  await expect(connection.commands()).rejects.toMatchObject(closed);
  await expect(connection.patient()).rejects.toMatchObject(closed);
  await expect(connection.subscriber()).rejects.toMatchObject(closed);
  await expect(connection.judge()).rejects.toMatchObject(closed);
  expect(() => connection.share()).toThrow(expect.objectContaining(closed));
  for (const client of clients) await expect(client.call("ping")).rejects.toThrow("Connection is closed.");
  expect(problems).toEqual([]);
});

test("the last holder closes what all share", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  const second = connection.share();
  const third = second.share();
  const client = await connection.commands();
  expect(await third.commands()).toBe(client);
  await connection.close();
  // Twice by one holder is still one.
  await connection.close();
  await second.close();
  expect(await client.call("ping")).toBe("PONG");
  await expect(second.commands()).rejects.toMatchObject(closed);
  expect(await third.commands()).toBe(client);
  await third.close();
  expect(client.status).toBe("end");
});

test("closes while the server is gone: what waits for it is told", async () => {
  const server = await privateServer();
  const { connection } = opened(server.url);
  const [client, patient] = await Promise.all([connection.commands(), connection.patient()]);
  await patient.call("ping");
  await server.kill();
  const waiting = rejection(patient.call("get", "a"));
  await vi.waitFor(() => expect([client.status, patient.status]).toEqual(["reconnecting", "reconnecting"]));
  const since = performance.now();
  await connection.close();
  expect(performance.now() - since).toBeLessThan(1_000);
  expect((await waiting).error.message).toBe("Connection is closed.");
  await expect(patient.call("get", "a")).rejects.toThrow("Connection is closed.");
});

test("closes while the first connection is being made", async () => {
  const server = await privateServer();
  await server.pause();
  const { connection } = opened(server.url);
  const opening = rejection(connection.commands());
  const patient = await connection.patient();
  const waiting = rejection(patient.call("get", "a"));
  await vi.waitFor(() => expect(patient.status).toBe("connect"));
  const since = performance.now();
  await connection.close();
  expect(performance.now() - since).toBeLessThan(2_500);
  expect((await opening).error).toMatchObject(closed);
  expect((await waiting).error.message).toMatch(/closed/);
});

test("closes in the same breath, before there is any client", async () => {
  const { connection } = opened("redis://127.0.0.1:1");
  const opening = rejection(connection.commands());
  await connection.close();
  expect((await opening).error).toMatchObject(closed);
});

test("closes where nobody answers", async () => {
  const server = await privateServer();
  const proxy = await startProxy({ port: server.port });
  onTestFinished(proxy.stop);
  const { connection } = opened(`redis://127.0.0.1:${proxy.port}`);
  const client = await connection.commands();
  proxy.swallow();
  const since = performance.now();
  await connection.close();
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(client.status).toBe("end");
});

test.each(["stands", "gone"])("a process ends by itself after close, the server %s", async (state) => {
  const server = await privateServer();
  const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const program = ["--import", sourceLoader, at("children/whole-life.ts"), server.url, state];
  const running = promisify(execFile)(process.execPath, program, { timeout: 20_000 });
  const isOpen = new Promise((resolve) => running.child.stdout?.once("data", resolve));
  if (state === "gone") await isOpen.then(server.kill);
  const { stdout, stderr } = await running;
  // Also nothing that ioredis prints of errors nobody listened to.
  expect({ stdout, stderr }).toEqual({ stdout: "open\nclosed\n", stderr: "" });
});

test("without ioredis one line says what to install", async () => {
  const missing = "ioredis-is-not-here";
  const { error } = await rejection(loadIoredis(() => import(missing)));
  expect(error).toMatchObject({ code: "OPTION_INVALID", message: expect.stringMatching(/npm install ioredis$/) });
  // Installed and broken is another matter.
  const broken = new Error("Unexpected token");
  expect((await rejection(loadIoredis(() => Promise.reject(broken)))).error).toBe(broken);
});
