import type { PGlite } from "@electric-sql/pglite";
import { createSemel, defineJob, processor, type Semel, type SemelEvent, SimulatedCrash } from "@semel/core";
import type { Added, Addition } from "@semel/core/adapter";
import { MemoryQueue } from "@semel/core/memory";
import { waitFor } from "@semel/testing";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { postgresStore, type SqlClient } from "../src/index.ts";
import { databases, fresh, pool } from "./databases.ts";

const ship = defineJob({
  type: "ship",
  payload: z.object({ order: z.string() }),
  result: z.string(),
  correlation: ["order"],
});
const shipping = processor(ship, async ({ payload }) => `shipped ${payload.order}`);

const running: Semel[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((semel) => semel.close({ deadline: "0s" })));
});

function start(client: SqlClient, schema: string, queue: MemoryQueue, failpoint?: (point: string) => void) {
  const store = postgresStore({ client, schema });
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
  return { semel, store, events, heard: (name: SemelEvent["name"]) => events.filter((event) => event.name === name) };
}

/** Between BEGIN and COMMIT; rolled back if `work` throws. */
async function inTransaction<T>(client: SqlClient, work: (tx: SqlClient) => Promise<T>): Promise<T> {
  if (!(client instanceof pg.Pool)) return (client as PGlite).transaction((tx) => work(tx));
  const one = await client.connect();
  try {
    await one.query("BEGIN");
    const done = await work(one);
    await one.query("COMMIT");
    return done;
  } catch (error) {
    await one.query("ROLLBACK");
    throw error;
  } finally {
    one.release();
  }
}

describe.each(databases)("enqueue in a transaction on $name", ({ open }) => {
  const client = open();
  let schema = "";
  let table = "";
  let queue = new MemoryQueue();

  beforeEach(async () => {
    queue = new MemoryQueue();
    schema = fresh("outbox");
    await client().query(`CREATE SCHEMA ${schema}`);
    table = `${schema}.orders`;
    await client().query(`CREATE TABLE ${table} (id text)`);
  });
  const count = async (of: string): Promise<number> => {
    const { rows } = await client().query(`SELECT count(*)::int AS n FROM ${schema}.${of}`);
    return (rows[0] as { n: number }).n;
  };

  test("the row and the job are there together, and the job runs once it is committed", async () => {
    const { semel, heard } = start(client(), schema, queue);
    await semel.ready();
    semel.worker({ processors: [shipping] });
    const handle = await inTransaction(client(), async (tx) => {
      await tx.query(`INSERT INTO ${table} VALUES ('a')`);
      const enqueued = await semel.enqueue(ship, { order: "a" }, { transaction: tx });
      expect(enqueued.outcome).toBe("created");
      expect(heard("job.enqueued")).toEqual([]);
      return enqueued;
    });
    expect(await handle.result()).toBe("shipped a");
    expect(heard("job.enqueued")).toMatchObject([{ id: handle.id, type: "ship" }]);
    expect(await count("orders")).toBe(1);
    await waitFor(async () => (await count("outbox")) === 0, { what: "the outbox to be empty" });
  });

  test("what is rolled back was never enqueued", async () => {
    const { semel, heard } = start(client(), schema, queue);
    await semel.ready();
    let id = "";
    const rolledBack = inTransaction(client(), async (tx) => {
      ({ id } = await semel.enqueue(ship, { order: "a" }, { transaction: tx }));
      throw new Error("card refused");
    });
    await expect(rolledBack).rejects.toThrow("card refused");
    expect(await semel.status(id)).toBeUndefined();
    // Another one of the same work is committed, and comes through; the first never does.
    const second = await inTransaction(client(), (tx) =>
      semel.enqueue(ship, { order: "a" }, { transaction: tx, id: "second" }),
    );
    await waitFor(() => heard("job.enqueued").length > 0, { what: "the delivery" });
    expect(heard("job.enqueued")).toMatchObject([{ id: second.id }]);
    expect(await queue.has("ship", second.id)).toBe(true);
    expect(await queue.has("ship", id)).toBe(false);
  });

  test("a process that dies between the commit and the queue is stood in for by a worker elsewhere", async () => {
    const dying = start(client(), schema, queue, (point) => {
      if (point === "relay:before-add") throw new SimulatedCrash(point);
    });
    await dying.semel.ready();
    const handle = await inTransaction(client(), (tx) =>
      dying.semel.enqueue(ship, { order: "a" }, { transaction: tx }),
    );
    await dying.semel.close();
    expect(await queue.has("ship", handle.id)).toBe(false);
    // The one that died had taken it, for a while.
    await client().query(`UPDATE ${schema}.outbox SET due_at = 0`);
    const other = start(client(), schema, queue);
    other.semel.worker({ processors: [shipping] });
    await waitFor(async () => (await other.semel.status(handle.id))?.state === "completed", { what: "the job" });
    await waitFor(async () => (await count("outbox")) === 0, { what: "the outbox to be empty" });
  });

  test("one that died after the queue had it is added again, and nothing runs twice", async () => {
    let ran = 0;
    const dying = start(client(), schema, queue, (point) => {
      if (point === "relay:after-add") throw new SimulatedCrash(point);
    });
    await dying.semel.ready();
    const handle = await inTransaction(client(), (tx) =>
      dying.semel.enqueue(ship, { order: "a" }, { transaction: tx }),
    );
    await waitFor(() => queue.has("ship", handle.id), { what: "the delivery" });
    await dying.semel.close();
    await client().query(`UPDATE ${schema}.outbox SET due_at = 0`);
    const other = start(client(), schema, queue);
    const worker = other.semel.worker({ processors: [processor(ship, async () => `run ${++ran}`)] });
    await waitFor(async () => (await count("outbox")) === 0, { what: "the outbox to be empty" });
    await worker.idle();
    expect(ran).toBe(1);
    expect(other.heard("delivery.dropped").length).toBeLessThanOrEqual(1);
  });

  test("a queue that refuses keeps the job in the outbox", async () => {
    const { semel, heard } = start(client(), schema, new Refusing());
    await semel.ready();
    const { id } = await inTransaction(client(), (tx) => semel.enqueue(ship, { order: "a" }, { transaction: tx }));
    await waitFor(() => heard("queue.unavailable").length > 0, { what: "the refusal" });
    expect(heard("queue.unavailable")[0]).toMatchObject({ during: "relay", error: { message: "OOM" } });
    expect(await count("outbox")).toBe(1);
    expect(await semel.status(id)).toMatchObject({ state: "pending" });
  });

  test("a delay counts from the enqueue, not from the commit", async () => {
    const { semel, store } = start(client(), schema, new Refusing());
    await semel.ready();
    await inTransaction(client(), (tx) => semel.enqueue(ship, { order: "a" }, { transaction: tx, delay: "1h" }));
    await client().query(`UPDATE ${schema}.outbox SET due_at = 0, posted_at = posted_at - 60000`);
    const [due] = (await store.transactions?.due(10, 1_000)) ?? [];
    expect(due?.delayMs).toBeGreaterThan(3_530_000);
    expect(due?.delayMs).toBeLessThanOrEqual(3_540_000);
    expect(await store.transactions?.due(10, 1_000), "taken for a while").toEqual([]);
  });

  test("the same work is a duplicate, another payload a conflict, and the caller's transaction goes on", async () => {
    const { semel } = start(client(), schema, queue);
    const titled = defineJob({
      type: "titled",
      payload: z.object({ order: z.string(), text: z.string() }),
      correlation: ["order"],
    });
    const first = await semel.enqueue(titled, { order: "a", text: "one" });
    await inTransaction(client(), async (tx) => {
      const again = await semel.enqueue(titled, { order: "a", text: "one" }, { transaction: tx });
      expect(again).toMatchObject({ outcome: "duplicate", id: first.id });
      await expect(semel.enqueue(titled, { order: "a", text: "two" }, { transaction: tx })).rejects.toMatchObject({
        code: "CORRELATION_CONFLICT",
      });
      await tx.query(`INSERT INTO ${table} VALUES ('a')`);
    });
    expect(await count("orders")).toBe(1);
    expect(await count("outbox")).toBe(0);
  });

  test("many at once through one client do not get in each other's way", async () => {
    const { semel } = start(client(), schema, queue);
    await semel.ready();
    const { accepted, refused } = await inTransaction(client(), async (tx) =>
      semel.enqueueMany(ship, [...Array.from({ length: 20 }, (_, n) => ({ order: `${n}` })), { order: 1 } as never], {
        transaction: tx,
      }),
    );
    expect(accepted.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => "created"));
    expect(refused).toMatchObject([{ index: 20, error: { code: "PAYLOAD_INVALID" } }]);
    for (const { id } of accepted) await waitFor(() => queue.has("ship", id), { what: `the delivery of ${id}` });
  });

  test("inside context.transaction, a child, the rows and the job's completion are one commit", async () => {
    const { semel } = start(client(), schema, queue);
    const order = defineJob({ type: "order", payload: z.object({ id: z.string() }), correlation: ["id"] });
    let fails = 1;
    const ordering = processor(order, async ({ payload, enqueue, transaction }) =>
      transaction(async (tx) => {
        await tx.query(`INSERT INTO ${table} VALUES ($1)`, [payload.id]);
        await enqueue(ship, { order: payload.id }, { transaction: tx });
        if (fails-- > 0) throw new Error("after the enqueue");
      }),
    );
    semel.worker({ processors: [ordering, shipping] });
    await semel.enqueue(order, { id: "a" });
    await waitFor(async () => (await semel.find(ship, { order: "a" }))?.state === "completed", { what: "the child" });
    expect(await count("orders")).toBe(1);
  });

  test("what is erased is not delivered", async () => {
    const { semel, store } = start(client(), schema, new Refusing());
    await semel.ready();
    const { id } = await inTransaction(client(), (tx) => semel.enqueue(ship, { order: "a" }, { transaction: tx }));
    expect(await count("outbox")).toBe(1);
    await store.forget({ key: id.slice(0, 32) });
    expect(await count("outbox")).toBe(0);
  });

  test("a client without a transaction is refused, and nothing is enqueued", async () => {
    const { semel } = start(client(), schema, queue);
    await semel.ready();
    await expect(semel.enqueue(ship, { order: "a" }, { transaction: client() })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("a client with a transaction open"),
    });
    await expect(semel.enqueue(ship, { order: "a" }, { transaction: {} as never })).rejects.toThrow(/transaction open/);
    expect(await semel.find(ship, { order: "a" })).toBeUndefined();
  });
});

describe("on a pool", () => {
  const client = pool(4);

  test("a client of another database is refused, and its transaction goes on", async () => {
    const schema = fresh("elsewhere");
    const { semel } = start(client(), schema, new MemoryQueue());
    await semel.ready();
    // To this client it looks as if the store's tables were somewhere else.
    await client().query(`DROP SCHEMA ${schema} CASCADE`);
    await inTransaction(client(), async (tx) => {
      await expect(semel.enqueue(ship, { order: "a" }, { transaction: tx })).rejects.toMatchObject({
        code: "OPTION_INVALID",
        message: expect.stringContaining("a client of the database the store's tables are in"),
      });
      expect((await tx.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    });
  });

  test("two at once that enqueue the same work: one creates it, the other waits and is a duplicate", async () => {
    const { semel } = start(client(), fresh("race"), new MemoryQueue());
    await semel.ready();
    let second: Promise<string> = Promise.resolve("");
    await inTransaction(client(), async (tx) => {
      const { outcome } = await semel.enqueue(ship, { order: "a" }, { transaction: tx });
      expect(outcome).toBe("created");
      second = inTransaction(client(), async (other) => {
        const enqueued = await semel.enqueue(ship, { order: "a" }, { transaction: other });
        return enqueued.outcome;
      });
      await waitFor(async () => (await client().query(waiting)).rowCount === 1, { what: "the second to wait" });
    });
    expect(await second).toBe("duplicate");
  });
});

const waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%WITH input AS%'";

class Refusing extends MemoryQueue {
  override async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    return additions.map(() => ({ is: "refused", error: new Error("OOM") }));
  }
}
