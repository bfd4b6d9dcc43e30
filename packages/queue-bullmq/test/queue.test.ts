import { PGlite } from "@electric-sql/pglite";
import { type Addition, type Host, type Queue, systemClock } from "@semel/core/adapter";
import { Queue as BullQueue } from "bullmq";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bullmqQueue, type PGliteLike } from "../src/index.ts";
import { queueName } from "../src/lane-name.ts";
import { PostgresBroker } from "../src/postgres/postgres-broker.ts";
import { foreign } from "./foreign.ts";

let db: PGlite;
let namespaces = 0;
const patient = { timeout: 15_000 };

beforeAll(async () => {
  db = await PGlite.create();
}, 60_000);
afterAll(() => db.close());

/** Views of one broker, as several processes have them. */
async function open(count: number, postgres: PGliteLike = db): Promise<{ queues: Queue[]; reports: string[] }> {
  const reports: string[] = [];
  const host: Host = { namespace: `t${++namespaces}`, clock: systemClock, report: ({ text }) => reports.push(text) };
  const queues = Array.from({ length: count }, () => bullmqQueue({ postgres }));
  for (const queue of queues) {
    onTestFinished(() => queue[Symbol.asyncDispose]());
    await queue.start(host);
  }
  return { queues, reports };
}

const job = (id: number | string, over: Partial<Addition> = {}): Addition => {
  return { id: `key.${id}x`, lane: "lane", type: "type", envelope: "{}", delayMs: 0, ...over };
};
const jobs = (count: number): Addition[] => Array.from({ length: count }, (_, index) => job(index));

test("options that cannot work are refused", () => {
  expect(() => bullmqQueue({ postgres: undefined as never })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID" }),
  );
  expect(() => bullmqQueue({ postgres: db, schema: "a b" })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID" }),
  );
  expect(() => bullmqQueue({ postgres: db, shema: "a" } as never)).toThrow(
    /bullmqQueue\.shema: expected one of postgres/,
  );
  expect(() => bullmqQueue({ redis: "redis://h", prefx: "a" } as never)).toThrow(
    /bullmqQueue\.prefx: expected one of redis/,
  );
  expect(() => bullmqQueue(undefined as never)).toThrow(/bullmqQueue: expected an object/);
});

test("calls before the start and after the end reject", async () => {
  const queue = bullmqQueue({ postgres: db });
  await expect(queue.add([job(1)])).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
  await queue[Symbol.asyncDispose]();
  await expect(queue.add([job(1)])).rejects.toMatchObject({ code: "CLOSED" });
});

test(
  "what somebody else put into the queue is delivered as it is, and acknowledged like anything else",
  patient,
  async () => {
    const { queues, reports } = await open(1);
    const [queue] = queues as [Queue];
    const broker = new PostgresBroker(db, "semel_queue", undefined);
    await broker.open(() => undefined);
    const raw = new BullQueue(queueName(`t${namespaces}`, "lane"), { connection: {} }, broker.backend);
    onTestFinished(async () => {
      await raw.close();
      await broker.close();
    });
    for (const [index, data] of foreign.entries())
      await raw.add("theirs", data, { jobId: `their-${index}`, removeOnComplete: true });
    await queue.add([job(1, { envelope: "ours" })]);
    const given = new Map<string, string>();
    await queue.consume("lane", { concurrency: 3, holdMs: 10_000 }, async ({ id, envelope }) => {
      given.set(id, envelope);
      return { do: "ack" };
    });
    await expect.poll(() => given.size, { timeout: 5_000 }).toBe(foreign.length + 1);
    expect([...given]).toEqual(
      expect.arrayContaining([
        ...foreign.map((data, index) => [`their-${index}`, JSON.stringify(data)]),
        [job(1).id, "ours"],
      ]),
    );
    await expect.poll(() => queue.counts("lane")).toMatchObject({ waiting: 0, running: 0 });
    expect(reports).toEqual([]);
  },
);

test("a hold ends in another process when its author is gone", patient, async () => {
  const [author, other] = (await open(2)).queues as [Queue, Queue];
  const until = Date.now() + 1_000;
  await author.hold("lane", until);
  await author[Symbol.asyncDispose]();
  await other.add([job(1)]);
  expect((await other.counts("lane")).held).toBe(true);
  const at = await new Promise<number>((resolve) => {
    void other.consume("lane", { concurrency: 1, holdMs: 10_000 }, async () => {
      resolve(Date.now());
      return { do: "ack" };
    });
  });
  expect(at).toBeGreaterThanOrEqual(until);
  expect(at).toBeLessThan(until + 500);
  expect((await other.counts("lane")).held).toBe(false);
});

test("of many holds and releases at the same time, one wins and stays", patient, async () => {
  const queues = (await open(3)).queues;
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      queues.flatMap((queue, index) =>
        index % 2 ? [queue.release("lane")] : [queue.hold("lane"), queue.release("lane")],
      ),
    );
    const states = await Promise.all(queues.map((queue) => queue.counts("lane")));
    expect(new Set(states.map(({ held }) => held)).size).toBe(1);
  }
  await queues[1]?.hold("lane");
  expect((await queues[0]?.counts("lane"))?.held).toBe(true);
  await queues[2]?.release("lane");
  expect((await queues[0]?.counts("lane"))?.held).toBe(false);
});

test("a worker at the limit of its lane does not keep the database busy", patient, async () => {
  let statements = 0;
  const counted: PGliteLike = {
    query: (text, params, options) => {
      statements++;
      return db.query(text, params, options) as never;
    },
    exec: (text, options) => db.exec(text, options) as never,
    transaction: (run) => db.transaction(run as never) as never,
    onNotification: (listen) => db.onNotification(listen),
  };
  const [queue] = (await open(1, counted)).queues as [Queue];
  await queue.limit("lane", 1);
  await queue.add(jobs(5));
  let done = (): void => undefined;
  let running = 0;
  await queue.consume("lane", { concurrency: 5, holdMs: 60_000 }, () => {
    running++;
    return new Promise((resolve) => {
      done = () => resolve({ do: "ack" });
    });
  });
  await expect.poll(() => running).toBe(1);
  statements = 0;
  await new Promise<void>((resolve) => void systemClock.timer(1_000, resolve));
  expect(running).toBe(1);
  expect(statements).toBeLessThan(60);
  const before = performance.now();
  done();
  await expect.poll(() => running, { interval: 1 }).toBe(2);
  expect(performance.now() - before).toBeLessThan(500);
  done();
});

test("a handler that rejects after all is reported, and the job comes back", patient, async () => {
  const { queues, reports } = await open(1);
  const [queue] = queues as [Queue];
  await queue.add([job(1)]);
  let given = 0;
  await queue.consume("lane", { concurrency: 1, holdMs: 300 }, async () => {
    given++;
    if (given === 1) throw new Error("bug");
    return { do: "ack" };
  });
  await expect.poll(() => given, { timeout: 5_000 }).toBe(2);
  expect(reports).toEqual([expect.stringContaining("rejected")]);
});

test("a consumer resized to nothing takes nothing until it is resized again", patient, async () => {
  const [queue] = (await open(1)).queues as [Queue];
  let given = 0;
  const consumer = await queue.consume("lane", { concurrency: 2, holdMs: 10_000 }, async () => {
    given++;
    return { do: "ack" };
  });
  consumer.resize(0);
  await queue.add(jobs(3));
  await new Promise<void>((resolve) => void systemClock.timer(200, resolve));
  expect(given).toBe(0);
  consumer.resize(2);
  await expect.poll(() => given).toBe(3);
});

test("an idle consumer is given a job within 50 ms, and 200 jobs take little more than a second", patient, async () => {
  const [queue] = (await open(1)).queues as [Queue];
  let given = 0;
  await queue.consume("lane", { concurrency: 10, holdMs: 30_000 }, async () => {
    given++;
    return { do: "ack" };
  });
  const waits: number[] = [];
  for (let index = 0; index < 15; index++) {
    const before = performance.now();
    await queue.add([job(`w${index}`)]);
    await expect.poll(() => given, { interval: 1 }).toBe(index + 1);
    waits.push(performance.now() - before);
  }
  const median = waits.sort((a, b) => a - b)[7] ?? 0;
  const before = performance.now();
  await queue.add(jobs(200));
  await expect.poll(() => given, { interval: 2, timeout: 10_000 }).toBe(215);
  const perSecond = 200 / ((performance.now() - before) / 1_000);
  console.info(`add to delivery ${median.toFixed(1)} ms (median); ${perSecond.toFixed(0)} jobs a second`);
  // Far from what is measured on an idle machine: this is to notice a lost notification, not a busy neighbour.
  expect(median).toBeLessThan(200);
  expect(perSecond).toBeGreaterThan(30);
});
