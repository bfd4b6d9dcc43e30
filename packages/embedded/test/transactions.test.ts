import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSemel, defineJob, processor, type Semel, SimulatedCrash } from "@semel/core";
import { waitFor } from "@semel/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { embedded } from "../src/index.ts";

/* One session for BullMQ, the records and a transaction that is open for a while: none may get in another's way. */

const payload = z.object({ order: z.string() });
const bill = defineJob({
  type: "bill",
  payload,
  result: z.object({ rows: z.number() }),
  correlation: ["order"],
  lease: "1s",
});
const receipt = defineJob({ type: "receipt", payload, correlation: ["order"] });

let semel: Semel;
let directory: string;
let deaths = 1;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "semel-transactions-"));
  const failpoint = (point: string): void => {
    if (point === "transaction:before-commit" && deaths-- > 0) throw new SimulatedCrash(point);
  };
  semel = createSemel({ ...embedded(directory), logger: false, runtime: { failpoint } });
  await semel.ready();
}, 180_000);
afterAll(async () => {
  await semel.close();
  await rm(directory, { recursive: true, force: true });
}, 180_000);

it("completes a job together with its rows and a child, once, though its worker dies before the commit", async () => {
  const sent: string[] = [];
  semel.worker({
    processors: [
      processor(bill, async ({ payload: { order }, enqueue, transaction }) =>
        transaction(async (tx) => {
          await tx.query("CREATE TABLE IF NOT EXISTS bills (order_id text)");
          await tx.query("INSERT INTO bills VALUES ($1)", [order]);
          await enqueue(receipt, { order }, { transaction: tx });
          const { rows } = await tx.query<{ n: number }>("SELECT count(*)::int AS n FROM bills");
          return { rows: rows[0]?.n ?? 0 };
        }),
      ),
      processor(receipt, async ({ payload: { order } }) => void sent.push(order)),
    ],
  });
  const handle = await semel.enqueue(bill, { order: "a" });
  expect(await handle.result()).toEqual({ rows: 1 });
  await waitFor(() => sent.length > 0, { what: "the child to run", deadlineMs: 30_000 });
  expect(sent).toEqual(["a"]);
  expect(await semel.status(handle.id)).toMatchObject({ attempt: 1, crashes: 1 });
}, 180_000);
