import { createSemel, defineJob, processor } from "@semel/core";
import { memory } from "@semel/core/memory";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { firstJob } from "./programs/first-job.ts";
import { operate } from "./programs/operator.ts";
import { notify, reembed, reembedding } from "./programs/reembed.ts";
import { service } from "./programs/service.ts";
import { FakeDatabase, FakeOpenAI } from "./programs/stand-ins.ts";

// The programs a user should be able to write. That they compile is the type check's business; here they run.

test("the first job is paid for once, however often it is asked for", async () => {
  const openai = new FakeOpenAI();
  expect(await firstJob(openai)).toEqual(["duplicate", true, { dimensions: 18 }, "replayed", 18]);
  expect(openai.calls).toBe(1);
});

test("a service hands Semel and its processors around by their classes", async () => {
  const { documents, database, openai, worker, close } = service();
  await database.upsert("documents", { id: "d1", tenant: "org-1", text: "Arma virumque cano" });

  const { status, body } = await documents.postSummary("org-1", "d1", 3);
  expect(status).toBe(202);
  const { id } = body as { id: string };
  await worker.idle();
  expect(await documents.getJob("org-1", id)).toEqual({
    status: 202,
    body: { state: "completed", result: { summaryId: "d1@3" } },
  });
  expect(await documents.getJob("org-2", id)).toMatchObject({ status: 404 });
  expect(await documents.postSummary("org-1", "d1", "three")).toMatchObject({ status: 422 });
  expect(openai.calls).toBe(1);
  await close();
});

test("a re-embedding is done once a revision, and the customer hears of either end", async () => {
  const [database, openai] = [new FakeDatabase(), new FakeOpenAI()];
  await database.upsert("entities", { id: "e1", tenant: "org-1", text: "Musa, mihi causas memora" });
  const { semel, told } = reembedding(database, openai);
  const tenant = semel.forTenant("org-1");

  const done = await tenant.enqueue(reembed, { entityId: "e1", revision: 1 });
  expect(await done.result()).toEqual({ rowId: "e1/small", tokens: 24 });
  const replayed = await tenant.enqueue(reembed, { entityId: "e1", revision: 1, model: "small" });
  expect(replayed).toMatchObject({ outcome: "replayed", value: { tokens: 24 } });

  const gone = await tenant.enqueue(reembed, { entityId: "e2", revision: 1 });
  await expect(gone.result()).rejects.toMatchObject({ code: "JOB_DEAD", details: { reason: "NON_RETRYABLE" } });
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told).toEqual([
    { tenant: "org-1", event: "entity.embedded" },
    { tenant: "org-1", event: "entity.embedding-failed" },
  ]);
  const told1 = await tenant.find(notify, { jobId: done.id, event: "entity.embedded" });
  expect(told1).toMatchObject({ state: "completed" });
  expect(openai.calls).toBe(1);
  await semel.close();
});

test("an operator sees what died and brings it back", async () => {
  const flaky = defineJob({
    type: "flaky",
    payload: z.object({ n: z.number() }),
    correlation: ["n"],
    retry: { maxAttempts: 1 },
  });
  const idle = defineJob({ type: "idle", payload: z.object({ n: z.number() }), correlation: ["n"] });
  const backend = memory();
  let isBroken = true;
  const semel = createSemel({ ...backend, logger: false });
  const worker = semel.worker({
    processors: [
      processor(flaky, async () => {
        if (isBroken) throw new Error("connection refused");
      }),
    ],
  });
  await semel.enqueueMany(flaky, [{ n: 1 }, { n: 2 }]);
  await semel.enqueue(idle, { n: 1 });
  await worker.idle();

  const seen = await operate(backend, true);
  expect(seen.waiting).toEqual({ flaky: 0, idle: 1 });
  expect(seen.groups).toEqual(["2 × flaky: ATTEMPTS_EXHAUSTED"]);
  expect(seen.letters).toEqual([
    "flaky: PROCESSOR_FAILED after 1 attempts",
    "flaky: PROCESSOR_FAILED after 1 attempts",
  ]);
  expect(seen.redriven).toEqual([]);

  isBroken = false;
  const { redriven, refused } = await operate(backend, false);
  await worker.idle();
  expect([redriven.length, refused]).toEqual([2, []]);
  expect(await semel.find(flaky, { n: 2 })).toMatchObject({ state: "completed" });
  expect((await operate(backend, true)).letters).toEqual([]);
  await semel.close();
});
