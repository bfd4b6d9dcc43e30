import type { Disposition } from "@semel/core/adapter";
import { startRedis } from "@semel/repo-tools/redis";
import { Queue as BullQueue } from "bullmq";
import { Queue as BullQueue5, Worker as BullWorker5 } from "bullmq-5";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { bullmqQueue, bullQueueName } from "../src/index.ts";
import { ack, job, jobs, open, taking } from "./stage.ts";

let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** What a tool for BullMQ has of a lane. */
function bullQueue(namespace: string, lane: string): BullQueue {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new BullQueue(bullQueueName(namespace, lane), { connection, prefix: "semel", skipMetasUpdate: true });
  onTestFinished(async () => {
    await queue.close();
    connection.disconnect();
  });
  return queue;
}

const keyOf = (namespace: string, part: string): string => `semel:${bullQueueName(namespace, "lane")}:${part}`;

describe("options", () => {
  test("that cannot work are refused", () => {
    const refused = expect.objectContaining({ code: "OPTION_INVALID" });
    for (const redis of [undefined, 5, "", "http://x", {}]) {
      expect(() => bullmqQueue({ redis: redis as never })).toThrow(refused);
    }
    for (const prefix of ["", "a b", "{a}"]) expect(() => bullmqQueue({ redis: server.url, prefix })).toThrow(refused);
    for (const keepFinished of [-1, 0.5, 10_001, Number.NaN]) {
      expect(() => bullmqQueue({ redis: server.url, keepFinished })).toThrow(refused);
    }
  });

  test("a server that is not safe is warned of, and one that does not answer is an error", async () => {
    const { warnings } = await open({ redis: server.url });
    expect(warnings).toEqual([expect.stringContaining("appendonly")]);
    await expect(open({ redis: "redis://127.0.0.1:1" })).rejects.toMatchObject({ isRetryable: true });
  });
});

test("thirty lanes are served, and nobody is warned of anything", async () => {
  const warned = [vi.spyOn(console, "warn"), vi.spyOn(console, "error"), vi.spyOn(process, "emitWarning")];
  const { queue, reports } = await open({ redis: server.url });
  const lanes = Array.from({ length: 30 }, (_, index) => `lane-${index}`);
  const taken = await Promise.all(lanes.map((lane) => taking(queue, 3, 10_000, lane)));
  await queue.add(lanes.map((lane) => job("1", { lane })));
  await expect.poll(() => taken.filter(({ length }) => length === 1).length, { timeout: 10_000 }).toBe(lanes.length);
  expect(warned.flatMap(({ mock }) => mock.calls)).toEqual([]);
  expect(reports).toEqual([]);
});

test("every key begins with the prefix, and the keys of a lane share a slot", async () => {
  await redis.flushall();
  const { queue, namespace } = await open({ redis: server.url, prefix: "app.jobs" });
  await queue.add([job(1), job(2, { delayMs: 60_000 }), job(3, { priority: "bulk" })]);
  await queue.add([job(4, { lane: "other" })]);
  let end = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  const taken: string[] = [];
  await queue.consume("lane", { concurrency: 1, holdMs: 500 }, async ({ id }) => {
    taken.push(id);
    await held;
    return { do: "return", delayMs: 60_000 };
  });
  await expect.poll(() => taken.length).toBe(1);
  await queue.hold("other", Date.now() + 60_000);
  await queue.limit("other", 3);
  const keys = await redis.keys("*");
  end();
  expect(keys.length).toBeGreaterThan(10);
  const slots = [bullQueueName(namespace, "lane"), bullQueueName(namespace, "other"), `{${namespace}/~lanes}`];
  expect(keys.filter((key) => !slots.some((slot) => key.startsWith(`app.jobs:${slot}:`)))).toEqual([]);
});

test("an acknowledged job leaves nothing behind", async () => {
  await redis.flushall();
  const { queue, namespace } = await open({ redis: server.url });
  const taken = await taking(queue);
  await queue.add([...jobs(20), job("d", { delayMs: 20 }), job("p", { priority: "normal" })]);
  await expect.poll(() => taken.length).toBe(22);
  await expect.poll(() => queue.counts("lane")).toMatchObject({ waiting: 0, delayed: 0, running: 0 });
  const left = (await redis.keys("*")).filter((key) => !/:(meta|id|events|marker|stalled|stalled-check)$/.test(key));
  expect(left).toEqual([]);
  expect(await redis.xlen(keyOf(namespace, "events"))).toBeLessThan(300);
});

describe("tools for BullMQ", () => {
  test("see a job under its type, its payload readable", async () => {
    const { queue, namespace } = await open({ redis: server.url });
    await queue.add([job(1, { type: "mail.send", envelope: '{"payload":{"to":"x"}}' }), job(2, { delayMs: 60_000 })]);
    const bull = bullQueue(namespace, "lane");
    expect(await bull.getJobCounts("waiting", "delayed")).toEqual({ waiting: 1, delayed: 1 });
    const [waiting] = await bull.getWaiting();
    expect(waiting).toMatchObject({ id: job(1).id, name: "mail.send", data: { payload: { to: "x" } } });
  });

  test("see the last finished jobs if they are kept, and those may be added again", async () => {
    const { queue, namespace, reports } = await open({ redis: server.url, keepFinished: 3 });
    const taken = await taking(queue);
    for (const one of jobs(5)) {
      await queue.add([one]);
      await expect.poll(() => queue.has("lane", one.id)).toBe(false);
    }
    const bull = bullQueue(namespace, "lane");
    await expect.poll(() => bull.getCompletedCount()).toBe(3);
    const kept = await bull.getCompleted();
    expect(kept.map(({ name, data }) => [name, data])).toEqual(["4", "3", "2"].map((id) => ["type", { id }]));
    await queue.add([job(4)]);
    await expect.poll(() => taken.length).toBe(6);
    const hashes = (await redis.keys(`${keyOf(namespace, "")}key.*`)).filter((key) => !key.endsWith(":lock"));
    await expect.poll(() => hashes.length).toBe(3);
    expect(reports).toEqual([]);
  });

  test("a queue of BullMQ 5 on the same server goes its own way", async () => {
    const { queue } = await open({ redis: server.url });
    const connection = { url: server.url, maxRetriesPerRequest: null };
    const theirs: string[] = [];
    const worker = new BullWorker5("lane", async ({ name }) => void theirs.push(name), { connection });
    const bull = new BullQueue5("lane", { connection });
    onTestFinished(async () => {
      await worker.close();
      await bull.close();
    });
    const taken = await taking(queue);
    await Promise.all([queue.add(jobs(10)), bull.addBulk(Array.from({ length: 10 }, () => ({ name: "x", data: {} })))]);
    await expect.poll(() => [taken.length, theirs.length]).toEqual([10, 10]);
  });
});

test("a job with damaged data, or somebody else's, is delivered as it is and acknowledged like any other", async () => {
  const { queue, namespace, reports } = await open({ redis: server.url });
  await queue.add([job(1)]);
  await redis.hset(keyOf(namespace, job(1).id), "data", '{"cut off');
  await bullQueue(namespace, "lane").add("theirs", { a: 1 }, { jobId: "theirs" });
  const taken = await taking(queue);
  await expect.poll(() => taken.map(({ envelope }) => envelope).sort()).toEqual(['{"a":1}', '{"cut off']);
  await expect.poll(() => queue.counts("lane")).toMatchObject({ waiting: 0, running: 0 });
  expect(reports).toEqual([]);
});

test("the oldest waiting job waits since its delay ended, whether it was added with it or returned with it", async () => {
  const { queue } = await open({ redis: server.url });
  // With one job in hand nothing more is handed out, and what is no longer delayed waits.
  await queue.limit("lane", 1);
  const answers: ((disposition: Disposition) => void)[] = [];
  await queue.consume("lane", { concurrency: 3, holdMs: 60_000 }, () => new Promise((end) => void answers.push(end)));
  await queue.add([job(1)]);
  await expect.poll(() => answers.length).toBe(1);
  await expect.poll(() => queue.counts("lane")).toMatchObject({ waiting: 0, oldestWaitingAt: undefined });
  const addedAt = Date.now();
  await queue.add([job(2, { delayMs: 300 })]);
  const oldest = async (): Promise<number> => {
    // Wakes the worker: one that may be given nothing looks only every 5 s whether delays are over.
    await queue.limit("lane", 1);
    return (await queue.counts("lane")).oldestWaitingAt ?? 0;
  };
  await expect.poll(oldest).toBeGreaterThanOrEqual(addedAt + 300);
  expect(await oldest()).toBeLessThan(addedAt + 500);
  const returnedAt = Date.now();
  answers[0]?.({ do: "return", delayMs: 500 });
  await expect.poll(() => answers.length).toBe(2);
  await expect.poll(oldest).toBeGreaterThanOrEqual(returnedAt + 500);
  expect(await oldest()).toBeLessThan(returnedAt + 700);
  answers[1]?.(ack);
  await expect.poll(() => answers.length).toBe(3);
  answers[2]?.(ack);
});

describe("a user with few rights", () => {
  /** Logs in as somebody who may do what the rules say. */
  async function as(...rules: string[]): Promise<string> {
    await redis.call("ACL", "SETUSER", "clerk", "reset", "on", ">secret", ...rules);
    return server.url.replace("//", "//clerk:secret@");
  }

  test("needs no key but those with the prefix", async () => {
    const { queue, reports } = await open({ redis: await as("~semel:*", "+@all"), keepFinished: 1 });
    const taken = await taking(queue);
    await queue.hold("lane", Date.now() + 100);
    await queue.add([job(1), job(2, { delayMs: 10 }), job(3, { priority: "normal" })]);
    await expect.poll(() => taken.length).toBe(3);
    expect(await queue.lanes()).toEqual([{ lane: "lane", types: ["type"] }]);
    expect(reports).toEqual([]);
  });

  test("who may not wait for jobs looks for them twice a second, and it is said once", async () => {
    const { queue, reports } = await open({ redis: await as("~*", "+@all", "-bzpopmin") });
    const taken = await taking(queue);
    for (const id of [1, 2, 3]) {
      await queue.add([job(id)]);
      await expect.poll(() => taken.length, { timeout: 2_000 }).toBe(id);
    }
    expect(reports).toEqual([expect.stringContaining("waiting for jobs failed")]);
  });

  test("whose addition was refused half way may make it again, once he may", async () => {
    const url = await as("~*", "+@all", "-xadd");
    const { queue } = await open({ redis: url });
    const refused = { is: "refused", error: { message: expect.stringContaining("can't run this command") } };
    expect(await queue.add([job(1)])).toMatchObject([refused]);
    expect(await queue.has("lane", job(1).id)).toBe(false);
    await redis.call("ACL", "SETUSER", "clerk", "+xadd");
    expect(await queue.add([job(1)])).toEqual([{ is: "added" }]);
    await redis.call("ACL", "SETUSER", "clerk", "-incr");
    // It is there, from this call or an earlier one: nobody may be told that it certainly is not.
    await expect(queue.add([job(1)])).rejects.toThrow("it is unknown whether the job was added");
    expect(await queue.has("lane", job(1).id), "the one before").toBe(true);
    await redis.call("ACL", "SETUSER", "clerk", "+incr");
    const taken = await taking(queue);
    await expect.poll(() => taken.length).toBe(1);
  });
});

test("a job with a priority that is given back wakes another worker at once", async () => {
  const { queue, namespace } = await open({ redis: server.url });
  const other = await open({ redis: server.url }, namespace);
  let giveBack = (): void => undefined;
  let given = 0;
  const first = await queue.consume("lane", { concurrency: 1, holdMs: 60_000 }, () => {
    given += 1;
    return new Promise((resolve) => {
      giveBack = () => resolve({ do: "return", delayMs: 0 });
    });
  });
  await queue.add([job(1, { priority: "normal" })]);
  await expect.poll(() => given).toBe(1);
  const taken = await taking(other.queue);
  await first.stop();
  const before = performance.now();
  giveBack();
  await expect.poll(() => taken.length, { interval: 5 }).toBe(1);
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("a limit that is raised is noticed by workers that wait", async () => {
  const { queue } = await open({ redis: server.url });
  await queue.limit("lane", 1);
  let given = 0;
  await queue.consume("lane", { concurrency: 5, holdMs: 60_000 }, () => {
    given += 1;
    return new Promise((resolve) => setTimeout(resolve, 1_500, ack));
  });
  await queue.add(jobs(3));
  await expect.poll(() => given).toBe(1);
  await queue.limit("lane", 3);
  await expect.poll(() => given, { interval: 5 }).toBe(3);
});
