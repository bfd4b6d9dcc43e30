import { createSemel, defineJob } from "@semel/core";
import { memory } from "@semel/core/memory";
import { expect, test } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/index.ts";

const ship = defineJob({
  type: "ship",
  payload: z.object({ order: z.string(), to: z.string() }),
  correlation: ["order"],
});

/** A job that was enqueued a good minute ago, and is not in the queue; it is in an outbox, or not. */
async function overdue(isPosted: boolean) {
  const clock = new VirtualClock();
  const backend = memory();
  const unused = (): never => {
    throw new Error("not asked for here");
  };
  const transactions = { run: unused, join: unused, due: unused, sent: unused, isPosted: async () => isPosted };
  Object.assign(backend.store, { transactions });
  const semel = createSemel({ ...backend, logger: false, runtime: { clock } });
  const { id } = await semel.enqueue(ship, { order: "a", to: "Roma" });
  await backend.queue.remove("ship", id);
  await clock.advance(61_000);
  return { semel, id };
}

test("a job on its way from an outbox to the queue does not make way for another payload", async () => {
  const { semel, id } = await overdue(true);
  await expect(semel.enqueue(ship, { order: "a", to: "Ostia" })).rejects.toMatchObject({
    code: "CORRELATION_CONFLICT",
  });
  expect(await semel.status(id)).toMatchObject({ id, state: "pending" });
  await semel.close();
});

test("one that nobody has does", async () => {
  const { semel, id } = await overdue(false);
  const other = await semel.enqueue(ship, { order: "a", to: "Ostia" });
  expect(other.outcome).toBe("created");
  expect(other.id).not.toBe(id);
  await semel.close();
});
