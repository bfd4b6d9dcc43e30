import { expect, test } from "vitest";
import { runScript, script } from "../src/index.ts";
import { opened, privateServer } from "./support/server.ts";

const add = script("return redis.call('incrby', KEYS[1], ARGV[1])");

test("a script runs by its name, and by its text where the server does not know it", async () => {
  const server = await privateServer();
  const client = await opened(server.url).connection.commands();
  expect(await client.call("script", "exists", add.sha1)).toEqual([0]);
  expect(await runScript(client, add, ["count"], [2])).toBe(2);
  expect(await client.call("script", "exists", add.sha1)).toEqual([1]);
  expect(await runScript(client, add, ["count"], [3])).toBe(5);
  await client.call("script", "flush");
  expect(await runScript(client, add, ["count"], ["4"])).toBe(9);
});

test("a script's own error is passed on, and the script not run again", async () => {
  const server = await privateServer();
  const client = await opened(server.url).connection.commands();
  const failing = script("redis.call('incr', KEYS[1]); return redis.error_reply('BUSYGROUP no')");
  for (const times of [1, 2]) {
    await expect(runScript(client, failing, ["count"], [])).rejects.toThrow("BUSYGROUP no");
    expect(await client.call("get", "count")).toBe(String(times));
  }
});
