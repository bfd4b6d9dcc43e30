import { type Host, type Queue, systemClock } from "@semel/core/adapter";
import { startPostgres } from "@semel/repo-tools/postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bullmqQueue } from "../src/index.ts";

let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  server = await startPostgres();
}, 120_000);
afterAll(() => server.stop());

let namespaces = 0;
const patient = { timeout: 40_000 };

async function open(max: number, schema?: string): Promise<{ queue: Queue; pool: pg.Pool; reports: string[] }> {
  const pool = new pg.Pool({ connectionString: server.url, max });
  const reports: string[] = [];
  const host: Host = { namespace: `t${++namespaces}`, clock: systemClock, report: ({ text }) => reports.push(text) };
  const queue = bullmqQueue({ postgres: pool, schema, close: () => pool.end() });
  onTestFinished(() => queue[Symbol.asyncDispose]());
  await queue.start(host);
  return { queue, pool, reports };
}

const job = (id: string, lane = "lane") => ({ id: `key.${id}x`, lane, type: lane, envelope: "{}", delayMs: 0 });

test("two connections serve any number of lanes", patient, async () => {
  const { queue } = await open(2);
  const lanes = Array.from({ length: 15 }, (_, index) => `lane-${index}`);
  const seen = new Set<string>();
  for (const lane of lanes) {
    await queue.consume(lane, { concurrency: 3, holdMs: 10_000 }, async (delivery) => {
      seen.add(delivery.lane);
      return { do: "ack" };
    });
  }
  await queue.add(lanes.map((lane) => job("1", lane)));
  await expect.poll(() => seen.size, { timeout: 10_000 }).toBe(lanes.length);
});

test("broken connections are reported, and the work goes on", patient, async () => {
  const { queue, reports } = await open(4);
  let given = 0;
  await queue.consume("lane", { concurrency: 2, holdMs: 10_000 }, async () => {
    given++;
    return { do: "ack" };
  });
  await queue.add([job("1")]);
  await expect.poll(() => given).toBe(1);
  const other = new pg.Client({ connectionString: server.url });
  await other.connect();
  await other.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
  );
  await other.end();
  await expect.poll(() => reports.length, { timeout: 5_000 }).toBeGreaterThan(0);
  const added = async (): Promise<boolean> => {
    const [answer] = await queue.add([job("2")]).catch(() => []);
    return answer !== undefined;
  };
  await expect.poll(added, { timeout: 10_000 }).toBe(true);
  await expect.poll(() => given, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
});

test("the application's own tables are still found on the pool it shares", patient, async () => {
  const { pool } = await open(3);
  await pool.query("CREATE TABLE public.mine (x int)");
  const { rows } = await pool.query("SELECT count(*) AS count FROM mine");
  expect(rows).toEqual([{ count: "0" }]);
});

test("a pool of one connection is refused, since one only listens", patient, async () => {
  await expect(open(1)).rejects.toMatchObject({ code: "BACKEND_UNSAFE" });
});

test("jobs of one call keep their order, over several connections", patient, async () => {
  const { queue } = await open(8);
  const order: string[] = [];
  for (let round = 0; round < 20; round++) await queue.add([0, 1, 2].map((index) => job(`${round}-${index}`)));
  await queue.consume("lane", { concurrency: 1, holdMs: 10_000 }, async ({ id }) => {
    order.push(id);
    return { do: "ack" };
  });
  await expect.poll(() => order.length, { timeout: 10_000 }).toBe(60);
  expect(order).toEqual(Array.from({ length: 60 }, (_, index) => job(`${Math.floor(index / 3)}-${index % 3}`).id));
});

test("a refusal by the database adds nothing and says so", patient, async () => {
  const { queue, pool } = await open(4, "refusing");
  await queue.add([job("1")]);
  await pool.query("ALTER TABLE refusing.job ADD CONSTRAINT full_house CHECK (id NOT LIKE '%full%')");
  expect(await queue.add([job("full")])).toMatchObject([{ is: "refused", error: { code: "23514" } }]);
  const many = Array.from({ length: 10 }, (_, index) => job(`full${index}`));
  expect((await queue.add(many)).map(({ is }) => is)).toEqual(many.map(() => "refused"));
  expect((await queue.counts("lane")).waiting).toBe(1);
});

test("an unclear failure rejects", patient, async () => {
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  let isBroken = false;
  const queue = bullmqQueue({
    postgres: {
      connect: async () => {
        if (isBroken) throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
        return pool.connect();
      },
      query: (text: string, params?: unknown[]) => pool.query(text, params),
      end: () => pool.end(),
      on: (event, listener) => pool.on(event as "error", listener),
      removeListener: (event, listener) => pool.removeListener(event, listener),
    },
    close: () => pool.end(),
  });
  await queue.start({ namespace: "unclear", clock: systemClock, report: () => undefined });
  await queue.add([job("1")]);
  isBroken = true;
  await expect(queue.add([job("2")])).rejects.toThrow("ECONNREFUSED");
  isBroken = false;
  expect(await queue.add([job("2")])).toEqual([{ is: "added" }]);
  await queue[Symbol.asyncDispose]();
});
