import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createSemel, digest, processor, type Semel } from "@semel/core";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { type JobsOptions, Queue, Worker } from "bullmq-5";
import { afterEach, describe, expect, it, vi } from "vitest";
import { redis } from "../src/index.ts";
import { embedDocument } from "./migration/definition.ts";
import { moveBack } from "./migration/to-bullmq.ts";
import { moveDelayed, moveWaiting } from "./migration/to-semel.ts";
import { privateServer } from "./support/stage.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const url = process.env.SEMEL_TEST_REDIS_URL ?? "";
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port) };
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  // Workers first: what they are at needs the queues.
  for (const each of open.splice(0).reverse()) await each.close();
});

function opened<T extends { close(): Promise<unknown> }>(each: T): T {
  open.push(each);
  return each;
}

interface Stage {
  readonly semel: Semel;
  readonly namespace: string;
  readonly name: string;
  readonly queue: Queue;
  /** How often each document was embedded, in the order of the first times. */
  readonly done: Map<string, number>;
  /** Starts a worker that embeds. */
  work(concurrency?: number): void;
}

function stage(): Stage {
  const namespace = `migration-${randomUUID()}`;
  const name = `old-${randomUUID()}`;
  const queue = opened(new Queue(name, { connection }));
  const semel = opened(createSemel({ ...redis(url), namespace, logger: false }));
  const done = new Map<string, number>();
  const embed = processor(embedDocument, async ({ payload: { documentId } }) => {
    done.set(documentId, (done.get(documentId) ?? 0) + 1);
  });
  const work = (concurrency = 20): void => void semel.worker({ processors: [embed], concurrency });
  return { semel, namespace, name, queue, done, work };
}

const document = (documentId: string, opts?: JobsOptions) => ({
  name: "embed-document",
  data: { documentId, revision: 1 },
  ...(opts && { opts }),
});
const named = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${what}-${index}`);
const inTime = { timeout: 40_000, interval: 50 };

describe("from BullMQ 5 to Semel", { timeout: 90_000 }, () => {
  it("moves what waits, by priority, and what still comes", async () => {
    const { semel, name, queue, done, work } = stage();
    await queue.addBulk([
      ...named("plain", 20).map((id) => document(id)),
      ...named("late", 20).map((id) => document(id, { priority: 100 })),
      ...named("soon", 20).map((id) => document(id, { priority: 1 })),
    ]);
    opened(moveWaiting(semel, name, connection));
    await vi.waitFor(async () => expect((await queue.getJobCounts()).completed).toBe(60), inTime);
    work(1);
    await queue.addBulk([document("after")]);
    await vi.waitFor(() => expect(done.size).toBe(61), inTime);
    expect([...done.values()].every((times) => times === 1)).toBe(true);
    const order = [...done.keys()].map((id) => id.split("-")[0]);
    expect([order[0], order.lastIndexOf("soon"), order.at(-1)]).toEqual(["soon", 19, "late"]);
  });

  it("moves what is delayed, with the rest of its delay, and leaves schedulers alone", async () => {
    const { semel, queue, done, work } = stage();
    await queue.upsertJobScheduler("daily", { every: 86_400_000, offset: 1_000 }, document("scheduled"));
    await queue.add("embed-document", { documentId: 7 }, { delay: 3_600_000 });
    const [soon, late] = await queue.addBulk([
      document("soon", { delay: 3_000 }),
      document("late", { delay: 3_600_000 }),
      ...named("more", 120).map((id) => document(id, { delay: 7_200_000 })),
    ]);
    const isScheduled = (await queue.getDelayed()).filter(({ repeatJobKey }) => repeatJobKey).length;
    await moveDelayed(semel, queue);
    expect(await queue.getDelayed()).toHaveLength(isScheduled + 1);

    const find = (documentId: string) => semel.find(embedDocument, { documentId, revision: 1 });
    const dueOf = (old: typeof late): number => (old?.timestamp ?? 0) + (old?.opts.delay ?? 0);
    const status = await find("late");
    expect(status?.state).toBe("delayed");
    expect(Math.abs((status?.nextAttemptAt?.getTime() ?? 0) - dueOf(late))).toBeLessThan(1_000);
    expect((await find("more-119"))?.state).toBe("delayed");

    work();
    await vi.waitFor(() => expect(done.size).toBe(1), inTime);
    expect([...done]).toEqual([["soon", 1]]);
    expect(Date.now()).toBeGreaterThanOrEqual(dueOf(soon) - 50);
  });

  it("killed in the middle, it repeats nothing and loses nothing", async () => {
    const { semel, namespace, name, queue, done, work } = stage();
    const ids = named("document", 600);
    await queue.addBulk(ids.map((id, index) => document(id, index % 3 === 0 ? { delay: 1_000 } : undefined)));
    work();
    const flags = ["--disable-warning=ExperimentalWarning", "--import", sourceLoader];
    const bridge = spawn(process.execPath, [...flags, at("children/bridge.ts"), port, namespace, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    // The first one it has moved: it is in the middle of the next ones then.
    await once(bridge.stdout, "data");
    bridge.kill("SIGKILL");
    await once(bridge, "close");
    const left = await queue.getJobCountByTypes("waiting", "active", "delayed", "prioritized");
    expect(left).toBeGreaterThan(0);

    opened(moveWaiting(semel, name, connection));
    await moveDelayed(semel, queue);
    await vi.waitFor(() => expect(done.size).toBe(ids.length), inTime);
    await vi.waitFor(async () => {
      expect(await queue.getJobCountByTypes("waiting", "active", "delayed", "prioritized", "failed")).toBe(0);
    }, inTime);
    expect([...done.values()].every((times) => times === 1)).toBe(true);
  });

  it("a job that is moved twice is enqueued once, also when it has completed by then", async () => {
    const { semel, name, queue, done, work } = stage();
    const old = await queue.add("embed-document", { documentId: "one", revision: 1 }, { jobId: "o-1" });
    const bridge = moveWaiting(semel, name, connection);
    await vi.waitFor(async () => expect((await queue.getJobCounts()).completed).toBe(1), inTime);
    work();
    await vi.waitFor(() => expect(done.size).toBe(1), inTime);
    // As if the bridge had died before it told BullMQ.
    await (await queue.getJob("o-1"))?.retry("completed");
    await vi.waitFor(async () => expect((await queue.getJobCounts()).completed).toBe(1), inTime);
    await bridge.close();
    const status = await semel.find(embedDocument, { documentId: "one", revision: 1 });
    expect(status).toMatchObject({ state: "completed", duplicates: 1 });
    expect(status?.id.endsWith(`.${digest(`${name} o-1 ${old.timestamp}`)}`)).toBe(true);
    expect([...done]).toEqual([["one", 1]]);
  });

  it("an outage of Semel is no attempt: the bridge waits, and goes on", async () => {
    const { name, queue } = stage();
    const away = await privateServer();
    const semel = opened(createSemel({ ...redis(away.url), logger: false }));
    await semel.ready();
    await away.kill();
    const old = await queue.add("embed-document", { documentId: "one", revision: 1 }, { attempts: 1 });
    opened(moveWaiting(semel, name, connection));
    await vi.waitFor(async () => expect(await old.getState()).toBe("delayed"), inTime);
    await away.restart();
    await vi.waitFor(async () => expect(await old.getState()).toBe("completed"), inTime);
    expect((await semel.find(embedDocument, { documentId: "one", revision: 1 }))?.state).toBe("pending");
  });

  it("what can never be enqueued fails in BullMQ, with the reason", async () => {
    const { semel, name, queue } = stage();
    await queue.add("embed-document", { documentId: 7 }, { attempts: 3 });
    opened(moveWaiting(semel, name, connection));
    await vi.waitFor(async () => expect((await queue.getJobCounts()).failed).toBe(1), inTime);
    const [failed] = await queue.getFailed();
    expect(failed?.failedReason).toMatch(/does not fit its schema/);
    expect(failed?.attemptsMade).toBe(1);
  });
});

describe("from Semel back to BullMQ 5", { timeout: 90_000 }, () => {
  it("hands over each job once, under its own id", async () => {
    const { semel, name, queue } = stage();
    const { accepted } = await semel.enqueueMany(
      embedDocument,
      named("document", 50).map((documentId) => ({ documentId, revision: 1 })),
    );
    semel.worker({ processors: [moveBack(queue)] });
    const done: string[] = [];
    opened(new Worker(name, async ({ id = "" }) => void done.push(id), { connection }));
    await vi.waitFor(() => expect(done).toHaveLength(50), inTime);
    expect(done.toSorted()).toEqual(accepted.map(({ id }) => id).toSorted());
  });
});

describe("docs/guides/from-bullmq.md", () => {
  const page = readFileSync(at("../../../docs/guides/from-bullmq.md"), "utf8");

  it.each(["definition", "to-semel", "to-bullmq"])("shows %s.ts as it is tested here", (file) => {
    const tested = readFileSync(at(`migration/${file}.ts`), "utf8").replace('"bullmq-5"', '"bullmq"');
    expect(page).toContain(`\`\`\`ts ignore\n${tested}\`\`\`\n`);
  });
});
