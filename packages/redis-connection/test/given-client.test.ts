import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import type { RedisSource } from "../src/index.ts";
import { opened, privateServer, rejection } from "./support/server.ts";

test("a client that is given is neither used nor changed nor closed", async () => {
  const server = await privateServer("--requirepass", "secret");
  const given = new Redis(server.url, { db: 2, stringNumbers: true, commandTimeout: 1_000, maxRetriesPerRequest: 3 });
  onTestFinished(() => given.disconnect());
  await given.ping();
  const before = { options: { ...given.options }, listeners: given.eventNames() };
  // Its own type will do, with no cast.
  const source: RedisSource = given;
  const { connection } = opened(source);
  const [client, patient, subscriber] = await Promise.all([
    connection.commands(),
    connection.patient(),
    connection.subscriber(),
  ]);
  expect(new Set([given, client, patient, subscriber]).size).toBe(4);
  await client.call("set", "a", 1);
  expect(await given.get("a")).toBe("1");
  expect(await client.call("incr", "a")).toBe(2);
  // Longer than the user's limit for a command.
  expect(await patient.call("blpop", "nothing", 1.5)).toBeNull();
  await connection.close();
  expect([client.status, patient.status, subscriber.status]).toEqual(["end", "end", "end"]);
  expect(await given.get("a")).toBe("2");
  expect({ options: { ...given.options }, listeners: given.eventNames() }).toEqual(before);
});

test("a client that has not connected stays so, and one that speaks RESP3 answers as others do", async () => {
  const server = await privateServer();
  const given = new Redis(server.url, { lazyConnect: true, protocol: 3, replyMapping: "resp3" });
  const { connection } = opened(given);
  const client = await connection.commands();
  await client.call("zadd", "z", 1.5, "a");
  expect(await client.call("zscore", "z", "a")).toBe("1.5");
  await connection.close();
  expect(given.status).toBe("wait");
});

test("a client whose prefix would be put before some keys is refused", async () => {
  const given = new Redis({ lazyConnect: true, keyPrefix: "app:" });
  const { error } = await rejection((async () => opened(given))());
  expect(error).toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining("keyPrefix: expected none") });
});
