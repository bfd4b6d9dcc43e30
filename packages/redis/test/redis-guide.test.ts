import { readFileSync } from "node:fs";
import { createSemel, defineJob, processor, type SemelEvent } from "@semel/core";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { redis } from "../src/index.ts";
import { admin, privateServer } from "./support/stage.ts";

/* What docs/guides/redis.md says and no other test of this package checks. */

const guide = readFileSync(new URL("../../../docs/guides/redis.md", import.meta.url), "utf8");

const job = defineJob({
  type: "guided",
  payload: z.object({ n: z.number() }),
  result: z.object({ n: z.number() }),
  correlation: ["n"],
  retry: { maxAttempts: 2, base: "10ms" },
  priority: "normal",
});
const processors = [
  processor(job, async ({ payload, once, progress }) => {
    await once("step", () => payload.n);
    await progress(0.5, "half");
    if (payload.n < 0) throw new Error("below zero");
    return payload;
  }),
];
const hear = (events: SemelEvent[]) => ({ onEvent: (event: SemelEvent) => void events.push(event) });

test("the guide's user of Redis may do all that Semel does, and no more", async () => {
  const server = await privateServer();
  const operator = admin(server.url);
  const [command = ""] = /redis-cli (ACL SETUSER(?:[^\n]|\n {2})*)/.exec(guide)?.slice(1) ?? [];
  const words = command
    .replaceAll("\\\n", " ")
    .split(/\s+/)
    .map((word) => word.replaceAll("'", ""));
  expect(await operator.call("acl", ...words.slice(1))).toBe("OK");
  const url = server.url.replace("redis://", "redis://semel:password@");

  const events: SemelEvent[] = [];
  const semel = createSemel({ ...redis(url), namespace: "prod", logger: false, hooks: [hear(events)] });
  semel.worker({ processors });
  const done = await semel.enqueue(job, { n: 1 });
  expect(await done.result()).toEqual({ n: 1 });
  const dead = await semel.enqueue(job, { n: -1 }, { delay: "50ms", priority: "interactive" });
  await expect(dead.result()).rejects.toMatchObject({ code: "JOB_DEAD" });
  expect(await semel.counts()).toMatchObject([{ queue: "guided", dead: 1 }]);
  expect(await semel.workers()).toHaveLength(1);
  expect((await semel.explain(dead.id))[0]?.code).toBe("finished");
  await semel.limit({ type: "guided" }, 2);
  await semel.pause();
  const again = await semel.deadLetters.redrive(dead.id);
  expect(await semel.cancel(again)).toBe("cancelled");
  await semel.resume();
  expect(await semel.deadLetters.purge({})).toBe(0);
  expect(await semel.forget("nobody")).toBe(0);
  await semel.close();
  expect(events.filter(({ name }) => /warning|problem|unavailable|unready/.test(name))).toEqual([]);
  expect(await operator.call("acl", "log")).toEqual([]);

  const other = createSemel({ ...redis(url), namespace: "test", logger: false });
  await expect(other.ready()).rejects.toThrow(/NOPERM|permission/i);
  await other.close();
});

test("a process opens as many connections as the guide says, and closes all of them", async () => {
  const server = await privateServer();
  const operator = admin(server.url);
  const others = async (): Promise<number> =>
    String(await operator.call("client", "list"))
      .trim()
      .split("\n").length - 1;

  const producer = createSemel({ ...redis(server.url), logger: false });
  const { result } = await producer.enqueue(job, { n: 1 });
  expect(await others()).toBe(2);
  const waiting = result();
  await vi.waitFor(async () => expect(await others()).toBe(3));

  const consumer = createSemel({ ...redis(server.url), logger: false });
  consumer.worker({ processors });
  expect(await waiting).toEqual({ n: 1 });
  await vi.waitFor(async () => expect(await others()).toBe(3 + 3 + 1));

  await Promise.all([producer.close(), consumer.close()]);
  await vi.waitFor(async () => expect(await others()).toBe(0));
});

test("an ioredis instance of the application's own stays open and as it is", async () => {
  const server = await privateServer();
  const own = admin(server.url);
  await own.ping();
  const listeners = own.eventNames().map((name) => [name, own.listenerCount(name)]);
  const semel = createSemel({ ...redis(own), namespace: "own", logger: false });
  semel.worker({ processors });
  expect(await (await semel.enqueue(job, { n: 1 })).result()).toEqual({ n: 1 });
  await semel.close();
  expect(own.status).toBe("ready");
  expect(own.eventNames().map((name) => [name, own.listenerCount(name)])).toEqual(listeners);
});
