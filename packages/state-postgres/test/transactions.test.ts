import { AsyncLocalStorage } from "node:async_hooks";
import {
  type AnyProcessor,
  createSemel,
  defineJob,
  processor,
  request,
  type Semel,
  type SemelEvent,
  SimulatedCrash,
} from "@semel/core";
import { MemoryQueue } from "@semel/core/memory";
import { startLastWordProxy } from "@semel/repo-tools/last-word-proxy";
import { waitFor } from "@semel/testing";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type PostgresStore, postgresStore, type SqlClient } from "../src/index.ts";
import { databases, fresh, pool, serverUrl } from "./databases.ts";

const bill = defineJob({
  type: "bill",
  payload: z.object({ order: z.string() }),
  result: z.object({ rows: z.number() }),
  correlation: ["order"],
  lease: "1s",
  maxCrashes: 50,
  retry: { base: "10ms", jitter: "equal", maxAttempts: 3 },
});

const running: Semel[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((semel) => semel.close({ deadline: "0s" })));
});

/** A Semel of its own on this client, and what happened to it. */
function start(client: SqlClient, schema: string, failpoint?: (point: string) => void, queue = new MemoryQueue()) {
  const store: PostgresStore = postgresStore({ client, schema });
  const events: SemelEvent[] = [];
  const semel = createSemel({
    queue,
    store,
    deadLetters: store,
    logger: false,
    hooks: [{ onEvent: (event) => void events.push(event) }],
    ...(failpoint ? { runtime: { failpoint } } : {}),
  });
  running.push(semel);
  const heard = (name: SemelEvent["name"]) => events.filter((event) => event.name === name);
  const work = (...processors: AnyProcessor[]) => semel.worker({ processors });
  const ended = async (id: string) => {
    await waitFor(async () => ["completed", "dead"].includes((await semel.status(id))?.state ?? ""), {
      what: `the end of ${id}`,
      deadlineMs: 60_000,
    });
    return semel.status(id);
  };
  return { semel, store, queue, events, heard, work, ended };
}

/** Dies at the first pass of each of these points. */
function dyingAt(...points: string[]): (point: string) => void {
  return (point) => {
    const at = points.indexOf(point);
    if (at < 0) return;
    points.splice(at, 1);
    throw new SimulatedCrash(point);
  };
}

describe.each(databases)("context.transaction on $name", ({ open }) => {
  const client = open();
  let schema = "";
  let table = "";

  beforeEach(async () => {
    schema = fresh("transactions");
    await client().query(`CREATE SCHEMA ${schema}`);
    table = `${schema}.invoices`;
    await client().query(`CREATE TABLE ${table} (order_id text)`);
  });
  const rows = async (): Promise<number> => {
    const { rows: found } = await client().query(`SELECT count(*)::int AS n FROM ${table}`);
    return (found[0] as { n: number }).n;
  };

  /** Writes one row, and answers how many there are. */
  const billing = (around: { before?: () => unknown; after?: () => unknown } = {}) =>
    processor(bill, async ({ payload, transaction }) =>
      transaction(async (tx) => {
        await around.before?.();
        await tx.query(`INSERT INTO ${table} VALUES ($1)`, [payload.order]);
        await around.after?.();
        const { rows: found } = await tx.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
        return { rows: found[0]?.n ?? 0 };
      }),
    );

  test("the rows and the job's completion are there together, with what the function answered as the result", async () => {
    const { semel, work, heard } = start(client(), schema);
    work(billing());
    const handle = await semel.enqueue(bill, { order: "a" });
    expect(await handle.result()).toEqual({ rows: 1 });
    expect(await rows()).toBe(1);
    expect(heard("attempt.completed")).toHaveLength(1);
    expect(heard("attempt.aborted")).toEqual([]);
    expect(await semel.enqueue(bill, { order: "a" })).toMatchObject({ outcome: "replayed", value: { rows: 1 } });
  });

  test("a function that throws leaves no row, and the next attempt runs it again", async () => {
    const { semel, work, ended } = start(client(), schema);
    const failing = vi.fn().mockImplementationOnce(() => {
      throw new Error("no");
    });
    work(billing({ after: failing }));
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "completed", attempt: 2 });
    expect(failing).toHaveBeenCalledTimes(2);
    expect(await rows()).toBe(1);
  });

  test("a result that does not fit leaves no row", async () => {
    const { semel, work, ended } = start(client(), schema);
    work(
      processor(bill, async ({ transaction }) =>
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${table} VALUES ('x')`);
          return { rows: "many" } as never;
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "dead", error: { code: "RESULT_INVALID" } });
    expect(await rows()).toBe(0);
  });

  test.each(["transaction:before-settle", "transaction:before-commit", "transaction:after-commit"])(
    "a worker that dies at %s leaves one row in the end",
    async (point) => {
      const { semel, work, ended } = start(client(), schema, dyingAt(point));
      const ran = vi.fn();
      work(billing({ before: ran }));
      const { id } = await semel.enqueue(bill, { order: "a" });
      expect(await ended(id)).toMatchObject({ state: "completed", attempt: 1 });
      expect(await rows()).toBe(1);
      expect(ran).toHaveBeenCalledTimes(point === "transaction:after-commit" ? 1 : 2);
    },
  );

  test("a worker that was taken over from leaves no row: its signal fires, and nothing is settled or acknowledged", async () => {
    const { semel, store, queue, work, heard } = start(client(), schema);
    const signals: unknown[] = [];
    let taken = (): void => {};
    const takenOver = new Promise<void>((resolve) => {
      taken = resolve;
    });
    work(
      processor(bill, async ({ id, signal, transaction }) =>
        transaction(async (tx) => {
          signal.addEventListener("abort", () => signals.push((signal.reason as { reason: string }).reason));
          await tx.query(`INSERT INTO ${table} VALUES ('stale')`);
          if (client().constructor === pg.Pool) await takeOver(store, id);
          else await takeOverIn(tx, schema, id);
          taken();
          return { rows: 1 };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    await takenOver;
    await waitFor(() => heard("attempt.lost").length > 0, { what: "the loser to notice" });
    expect(await rows()).toBe(0);
    expect(signals).toEqual(["lease-lost"]);
    expect(heard("attempt.completed")).toEqual([]);
    expect(await queue.has("bill", id)).toBe(true);
    expect(await store.get(id)).toBeUndefined();
  });

  test("steps are on record before it, and are not run again with it", async () => {
    const { semel, work, ended } = start(client(), schema, dyingAt("transaction:before-commit"));
    const paid = vi.fn(() => "receipt");
    work(
      processor(bill, async ({ once, transaction }) => {
        const receipt = await once("pay", paid);
        return transaction(async (tx) => {
          await tx.query(`INSERT INTO ${table} VALUES ($1)`, [receipt]);
          return { rows: 1 };
        });
      }),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    await ended(id);
    expect(paid).toHaveBeenCalledTimes(1);
    expect(await rows()).toBe(1);
  });

  test("a step inside it is refused, and explains itself", async () => {
    const { semel, work, ended } = start(client(), schema);
    work(
      processor(bill, async ({ once, transaction }) =>
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${table} VALUES ('x')`);
          return { rows: await once("pay", () => 1) };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ error: { code: "ATTEMPT_OVER" } });
    expect(await rows()).toBe(0);
  });

  test("one that is made and not returned has not run", async () => {
    const { semel, work, ended } = start(client(), schema);
    work(
      processor(bill, async ({ transaction }) => {
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${table} VALUES ('x')`);
          return { rows: 1 };
        });
        return { rows: 0 };
      }),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({
      error: { code: "OUTCOME_NOT_RETURNED", message: expect.stringContaining("return transaction(…)") },
    });
    expect(await rows()).toBe(0);
  });

  test("a function that commits by itself is found out", async () => {
    const { semel, work, ended } = start(client(), schema);
    work(
      processor(bill, async ({ transaction }) =>
        transaction(async (tx) => {
          await tx.query("COMMIT");
          return { rows: 1 };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "dead", error: { code: "TRANSACTION_ENDED" } });
  });

  test("a statement that failed and was caught undoes everything: the attempt has failed", async () => {
    const { semel, work, ended } = start(client(), schema);
    work(
      processor(bill, async ({ attempt, transaction }) =>
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${table} VALUES ('x')`);
          if (attempt === 1) await tx.query("SELECT 1 / 0").catch(() => {});
          return { rows: 1 };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "completed", attempt: 2 });
    expect(await rows()).toBe(1);
  });

  test("it cannot be used after its function has come to its end", async () => {
    const { semel, work } = start(client(), schema);
    let late = (): Promise<unknown> => Promise.resolve();
    work(
      processor(bill, async ({ transaction }) =>
        transaction(async (tx) => {
          late = () => tx.query(`INSERT INTO ${table} VALUES ('late')`);
          return { rows: 1 };
        }),
      ),
    );
    await (await semel.enqueue(bill, { order: "a" })).result();
    await expect(late()).rejects.toMatchObject({ code: "TRANSACTION_ENDED" });
    expect(await rows()).toBe(0);
  });

  test("follow-ups are committed with it, and what `around` has put into async storage is there", async () => {
    const storage = new AsyncLocalStorage<string>();
    const store = postgresStore({ client: client(), schema });
    const told: unknown[] = [];
    const tell = defineJob({ type: "tell", payload: z.object({ seen: z.string() }), correlation: "none" });
    const parent = defineJob({
      type: "parent",
      payload: z.object({ order: z.string() }),
      result: z.string(),
      correlation: ["order"],
      onSettled: (end) => (end.state === "completed" ? request(tell, { seen: end.result }) : undefined),
    });
    const semel = createSemel({
      queue: new MemoryQueue(),
      store,
      deadLetters: store,
      logger: false,
      around: (_context, next) => storage.run("a tenant", next),
    });
    running.push(semel);
    semel.worker({
      processors: [
        processor(parent, async ({ transaction }) => transaction(() => storage.getStore() ?? "nothing")),
        processor(tell, async ({ payload }) => void told.push(payload.seen)),
      ],
    });
    await semel.enqueue(parent, { order: "a" });
    await waitFor(() => told.length > 0, { what: "the follow-up" });
    expect(told).toEqual(["a tenant"]);
  });
});

describe("on a pool", () => {
  const client = pool(4);

  test("a commit whose confirmation is lost counts, once: the record says what happened", async () => {
    const schema = fresh("lost");
    await client().query(`CREATE SCHEMA ${schema}`);
    await client().query(`CREATE TABLE ${schema}.invoices (order_id text)`);
    let losses = 1;
    const deaf: SqlClient = Object.assign(Object.create(client()) as pg.Pool, {
      query: (text: string, params: unknown[]) => client().query(text, params),
      async connect() {
        const one = await client().connect();
        return Object.assign(Object.create(one) as pg.PoolClient, {
          release: (broken?: boolean) => one.release(broken),
          async query(text: string, params: unknown[]) {
            const answer = await one.query(text, params);
            if (text === "COMMIT" && losses-- > 0) throw new Error("connection reset");
            return answer;
          },
        });
      },
    });
    const { semel, work, ended, heard, queue } = start(deaf, schema);
    const ran = vi.fn();
    work(
      processor(bill, async ({ transaction }) =>
        transaction(async (tx) => {
          ran();
          await tx.query(`INSERT INTO ${schema}.invoices VALUES ('x')`);
          return { rows: 1 };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "completed" });
    await waitFor(async () => !(await queue.has("bill", id)), { what: "the delivery to be acknowledged" });
    expect(heard("attempt.completed")).toHaveLength(1);
    expect(heard("attempt.failed")).toEqual([]);
    expect(ran).toHaveBeenCalledTimes(1);
    expect((await client().query(`SELECT FROM ${schema}.invoices`)).rowCount).toBe(1);
  });

  test("a client with one connection for everything is refused, before anything has run", async () => {
    const one = new pg.Client({ connectionString: serverUrl() });
    await one.connect();
    const { semel, work, ended } = start(one, fresh("single"));
    const ran = vi.fn();
    work(
      processor(bill, async ({ transaction }) =>
        transaction(() => {
          ran();
          return { rows: 1 };
        }),
      ),
    );
    const { id } = await semel.enqueue(bill, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "dead", error: { code: "TRANSACTION_UNSUPPORTED" } });
    expect(ran).not.toHaveBeenCalled();
    await Promise.all(running.splice(0).map((each) => each.close()));
    await one.end();
  });

  test("a function that does not stop when its time is over leaves no row, whenever it comes to its end", async () => {
    const schema = fresh("deaf");
    await client().query(`CREATE SCHEMA ${schema}`);
    await client().query(`CREATE TABLE ${schema}.invoices (order_id text)`);
    const short = defineJob({ ...shortLived, type: "short" });
    const { semel, work, ended, heard } = start(client(), schema);
    let wake = (): void => {};
    let outcome: unknown;
    work(
      processor(short, async ({ transaction }) =>
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${schema}.invoices VALUES ('deaf')`);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          outcome = "went on";
        }),
      ),
    );
    const { id } = await semel.enqueue(short, { order: "a" });
    expect(await ended(id)).toMatchObject({ state: "dead", error: { code: "TIMEOUT" } });
    wake();
    await waitFor(() => outcome, { what: "the function to go on" });
    await waitFor(async () => (await client().query(idleInTransaction)).rowCount === 0, { what: "the rollback" });
    expect((await client().query(`SELECT FROM ${schema}.invoices`)).rowCount).toBe(0);
    expect(heard("attempt.completed")).toEqual([]);
  });

  test("of 60 jobs whose workers die at random, each has its row once", { timeout: 120_000 }, async () => {
    const schema = fresh("random");
    await client().query(`CREATE SCHEMA ${schema}`);
    await client().query(`CREATE TABLE ${schema}.invoices (order_id text)`);
    let passes = 0;
    const points = [
      "claim:after",
      "transaction:before-settle",
      "transaction:before-commit",
      "transaction:after-commit",
    ];
    const { semel, work, ended } = start(client(), schema, (point) => {
      if (points.includes(point) && ++passes % 7 === 0) throw new SimulatedCrash(point);
    });
    work(
      processor(bill, async ({ payload, transaction }) =>
        transaction(async (tx) => {
          await tx.query(`INSERT INTO ${schema}.invoices VALUES ($1)`, [payload.order]);
          return { rows: 1 };
        }),
      ),
    );
    const orders = Array.from({ length: 60 }, (_, n) => `order-${n}`);
    const { accepted } = await semel.enqueueMany(
      bill,
      orders.map((order) => ({ order })),
    );
    for (const { id } of accepted) expect(await ended(id)).toMatchObject({ state: "completed" });
    const { rows } = await client().query(`SELECT order_id FROM ${schema}.invoices ORDER BY order_id`);
    expect(rows.map((row) => (row as { order_id: string }).order_id)).toEqual([...orders].sort());
    expect(passes).toBeGreaterThan(100);
  });

  test("as many transactions as a pool has connections leave one for leases", async () => {
    const few = new pg.Pool({ connectionString: serverUrl(), max: 3 });
    const schema = fresh("few");
    const { semel, work, ended, heard } = start(few, schema);
    try {
      const open = Promise.withResolvers<void>();
      let running = 0;
      work(
        processor(bill, async ({ transaction }) =>
          transaction(async (tx) => {
            running += 1;
            await open.promise;
            await tx.query("SELECT 1");
            return { rows: 0 };
          }),
        ),
      );
      const { accepted } = await semel.enqueueMany(
        bill,
        Array.from({ length: 6 }, (_, n) => ({ order: `few ${n}` })),
      );
      await waitFor(() => running === 2, { what: "two open transactions", deadlineMs: 20_000 });
      // Of one second each: without a connection for their renewals they would have been lost by then.
      const leases = async (): Promise<readonly number[]> => {
        const { rows } = await client().query(
          `SELECT (record::json->>'leaseUntil')::float8 AS until FROM "${schema}".jobs WHERE record::json->>'leaseUntil' IS NOT NULL`,
        );
        return rows.map((row) => (row as { until: number }).until);
      };
      const first = Math.max(...(await leases()));
      await waitFor(async () => Math.min(...(await leases())) > first + 2_000, {
        what: "leases renewed for two seconds",
        deadlineMs: 20_000,
      });
      expect(running).toBe(2);
      open.resolve();
      for (const { id } of accepted)
        expect(await ended(id)).toMatchObject({ state: "completed", attempt: 1, crashes: 0 });
      expect(heard("attempt.aborted")).toEqual([]);
    } finally {
      await semel.close({ deadline: "0s" });
      await few.end();
    }
  });

  test("a session that is ended in the packet in which it began costs a repeat, and not the process", async () => {
    const proxy = await startLastWordProxy({ url: serverUrl(), sessions: 6 });
    const ended = new pg.Pool({ connectionString: proxy.url, max: 2 });
    ended.on("error", () => undefined);
    const store = postgresStore({ client: ended, schema: fresh("ended") });
    try {
      const transaction = (): Promise<string> => store.transactions?.run(async () => "done") ?? Promise.resolve("none");
      await expect(transaction()).rejects.toThrow();
      await waitFor(async () => (await transaction().catch(() => "failed")) === "done", { what: "a transaction" });
    } finally {
      await store[Symbol.asyncDispose]();
      await ended.end();
      await proxy.stop();
    }
  });
});

const shortLived = {
  payload: z.object({ order: z.string() }),
  correlation: ["order"],
  timeout: "200ms",
  retry: { maxAttempts: 1 },
} as const;

const idleInTransaction =
  "SELECT FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%current_setting%'";

/** As another worker does it after this one's lease, without this one noticing. */
async function takeOver(store: PostgresStore, id: string): Promise<void> {
  const key = id.slice(0, 32);
  const [record] = await store.read([key]);
  const { owner = "", fence = 0, fingerprint, lane, type, version } = record ?? ({} as never);
  const release = { state: "retrying", counts: "nothing", delayMs: 0, error: undefined } as const;
  await store.apply([
    { op: "settle", key, owner, fence, as: release },
    {
      op: "claim",
      ...{ key, id, owner: "other:1", type, lane, tenant: undefined, fingerprint, version },
      ...{ delayMs: 0, deadlineMs: 1_000_000, leaseMs: 30_000, maxCrashes: 3 },
    },
  ]);
}

/** The same where there is but one session: by its own hand, as if it had been there before. */
async function takeOverIn(tx: { query: SqlClient["query"] }, schema: string, id: string): Promise<void> {
  await tx.query(`UPDATE ${schema}.jobs SET rev = rev + 1, record = replace(record, '"owner":"', '"owner":"other:1 ')`);
  expect(id).toBeDefined();
}
