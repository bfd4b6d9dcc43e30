import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type CuttingProxy, startProxy } from "@semel/repo-tools/cutting-proxy";
import { type Redis as Server, startRedis } from "@semel/repo-tools/redis";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ack, job, jobs, open, pass, taking } from "./stage.ts";

let server: Server;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function proxied(): Promise<{ proxy: CuttingProxy; url: string }> {
  const proxy = await startProxy({ port: server.port });
  onTestFinished(() => proxy.stop());
  return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

async function privateServer(appendonly = true): Promise<Server> {
  const own = await startRedis({ appendonly });
  onTestFinished(() => own.stop());
  return own;
}

/** Adds until the broker has it, as core does. */
async function addPatiently(queue: Awaited<ReturnType<typeof open>>["queue"], id: number | string): Promise<void> {
  const added = async (): Promise<unknown> => (await queue.add([job(id)]).catch(() => []))[0];
  await expect.poll(added, { timeout: 10_000 }).toEqual({ is: "added" });
}

describe("an addition", () => {
  test("whose reply is lost is made again under the same id: ten make ten jobs", async () => {
    const { proxy, url } = await proxied();
    const { queue } = await open({ redis: url });
    await queue.add([job("first")]);
    let isNextLost = false;
    proxy.onData((chunk, direction) => {
      // An addition is answered with the job's id.
      if (!isNextLost || direction === "request" || !chunk.includes("key.")) return "pass";
      isNextLost = false;
      return "cut";
    });
    for (const { id } of jobs(10)) {
      const one = job(id.slice(4, -1));
      isNextLost = true;
      await expect(queue.add([one])).rejects.toThrow();
      await addPatiently(queue, id.slice(4, -1));
    }
    const taken = await taking(queue);
    await expect.poll(() => taken.length).toBeGreaterThanOrEqual(11);
    await expect.poll(() => queue.counts("lane")).toMatchObject({ waiting: 0, running: 0 });
    expect(taken.length).toBe(11);
  });

  test("that Redis will not make is refused, in its own words, and so is one that was never sent", async () => {
    const own = await privateServer(false);
    const admin = new Redis(own.url);
    const { queue } = await open({ redis: own.url });
    await queue.add([job("first")]);
    const refusedWith = (message: RegExp): unknown => [
      { is: "refused", error: { message: expect.stringMatching(message) } },
    ];
    await admin.config("SET", "maxmemory", "1");
    expect(await queue.add([job(1)])).toMatchObject(refusedWith(/^OOM /) as object);
    await admin.config("SET", "maxmemory", "0");
    await admin.replicaof("127.0.0.1", "1");
    expect(await queue.add([job(2)])).toMatchObject(refusedWith(/^READONLY /) as object);
    await admin.replicaof("NO", "ONE");
    await addPatiently(queue, 3);
    expect((await queue.counts("lane")).waiting).toBe(2);
    admin.disconnect();
    await own.kill();
    const answer = (): Promise<unknown> => queue.add([job(4)]).catch(() => undefined);
    await expect.poll(answer).toMatchObject(refusedWith(/isn't writeable/) as object);
  });
});

describe("work goes on and nothing is lost", () => {
  test("when connections are killed and scripts are forgotten in its midst", { timeout: 60_000 }, async () => {
    const { queue } = await open({ redis: server.url });
    const done = new Set<string>();
    await queue.consume("lane", { concurrency: 5, holdMs: 1_000 }, async ({ id }) => {
      await pass(5);
      done.add(id);
      return ack;
    });
    for (let id = 0; id < 200; id++) {
      if (id % 25 === 0) await redis.script("FLUSH");
      if (id % 40 === 0) await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await addPatiently(queue, id);
    }
    await expect.poll(() => done.size, { timeout: 30_000 }).toBe(200);
    await expect.poll(() => queue.counts("lane"), { timeout: 30_000 }).toMatchObject({ waiting: 0, running: 0 });
  });

  for (const outageMs of [200, 8_000]) {
    test(`after kill -9 and ${outageMs} ms without Redis, within 5 s of its return`, { timeout: 60_000 }, async () => {
      const own = await privateServer();
      const { queue, reports } = await open({ redis: own.url });
      const seen = new Set<string>();
      await queue.consume("lane", { concurrency: 2, holdMs: 2_000 }, async ({ id }) => {
        await pass(20);
        seen.add(id);
        return ack;
      });
      await queue.add(jobs(60));
      await expect.poll(() => seen.size).toBeGreaterThan(10);
      await own.kill();
      await pass(outageMs);
      await own.restart();
      const before = performance.now();
      await addPatiently(queue, "after");
      const { size } = seen;
      await expect.poll(() => seen.size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(size);
      const tookMs = performance.now() - before;
      console.info(`${outageMs} ms without Redis: the next delivery came ${tookMs.toFixed(0)} ms after its return`);
      expect(tookMs).toBeLessThan(5_000);
      await expect.poll(() => seen.size, { timeout: 20_000 }).toBe(61);
      await expect.poll(() => queue.counts("lane"), { timeout: 20_000 }).toMatchObject({ waiting: 0, running: 0 });
      // One of each connection at most, however long it took.
      expect(reports.length).toBeLessThan(6);
    });
  }
});

describe("a connection that is open and deaf", () => {
  /** From now on nothing more passes on the connections on which something like this was said before. */
  function deafen(proxy: CuttingProxy, said: string): { now(): void; heard(): boolean } {
    const known = new Set<number>();
    const deaf = new Set<number>();
    proxy.onData((chunk, direction, connection) => {
      if (direction === "request" && chunk.includes(said)) known.add(connection);
      return deaf.has(connection) ? "drop" : "pass";
    });
    return { heard: () => known.size > 0, now: () => known.forEach((connection) => void deaf.add(connection)) };
  }

  for (const [which, said] of [
    ["that waits for jobs", "bzpopmin"],
    ["that all workers share", ":stalled-check"],
  ] as const) {
    test(`is noticed when it is the one ${which}: the worker is replaced`, { timeout: 40_000 }, async () => {
      const { proxy, url } = await proxied();
      const connection = deafen(proxy, said);
      const { queue, reports } = await open({ redis: url });
      const taken = await taking(queue);
      await queue.add([job(1)]);
      await expect.poll(() => taken.length).toBe(1);
      await expect.poll(connection.heard).toBe(true);
      await pass(100);
      connection.now();
      const before = performance.now();
      await queue.add([job(2), job(3)]);
      await expect.poll(() => taken.length, { timeout: 15_000, interval: 5 }).toBe(3);
      console.info(
        `deaf, the connection ${which}: ${(performance.now() - before).toFixed(0)} ms until the next delivery`,
      );
      expect(reports[0]).toMatch(/is replaced$/);
      await queue.add([job(4)]);
      await expect.poll(() => taken.length).toBe(4);
      await expect.poll(() => queue.counts("lane"), { timeout: 15_000 }).toMatchObject({ waiting: 0, running: 0 });
    });
  }
});

test("closing while Redis is down comes to an end, and leaves nothing open", { timeout: 60_000 }, async () => {
  const own = await privateServer();
  const namespace = "leaving";
  const { queue } = await open({ redis: own.url }, namespace);
  await queue.add([job(1)]);
  const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const args = ["--import", sourceLoader, at("./children/leave.ts"), own.url, namespace];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await expect.poll(() => said, { timeout: 20_000 }).toContain("in hand");
  await own.kill();
  const before = performance.now();
  child.stdin.write("end\n");
  const [code] = await once(child, "close");
  expect(said).toMatch(/disposed after/);
  expect(code).toBe(0);
  expect(performance.now() - before).toBeLessThan(10_000);
  console.info(said.trim(), `; ended after ${(performance.now() - before).toFixed(0)} ms`);
});
