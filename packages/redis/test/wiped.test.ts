import { createSemel, defineJob, processor } from "@semel/core";
import { waitFor } from "@semel/testing";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { redis } from "../src/index.ts";
import { admin, freshPlace, privateServer } from "./support/stage.ts";

/* Redis comes back empty while a job runs and somebody waits for it. */

it("is told as what is known: not that a record expired, nor that somebody else has the job", async () => {
  const server = await privateServer();
  const { url, prefix } = freshPlace(server.url);
  const lines: string[] = [];
  const log = (_: object, message?: string) => void lines.push(message ?? "");
  const semel = createSemel({ ...redis(url, { prefix }), logger: { debug() {}, info: log, warn: log, error: log } });
  onTestFinished(() => semel.close({ deadline: "1s" }));
  const job = defineJob({ type: "wiped", payload: z.object({ n: z.number() }), correlation: ["n"], lease: "1s" });
  let gate = Promise.withResolvers<void>();
  let runs = 0;
  const run = processor(job, () => {
    runs++;
    return gate.promise;
  });
  semel.worker({ processors: [run] });
  const lost = await semel.enqueue(job, { n: 1 });
  const waited = lost.result().catch((error: unknown) => error);
  await waitFor(() => runs === 1, { what: "the job to run" });
  await admin(url).flushall();
  expect(await waited).toMatchObject({
    code: "JOB_NOT_FOUND",
    message: expect.stringMatching(/does not know .* expired, was erased, or the store lost it$/),
  });
  gate.resolve();
  await waitFor(() => lines.some((line) => line.startsWith("lost:")), { what: "the line" });
  expect(lines.find((line) => line.startsWith("lost:"))).toContain("the store does not know wiped any more");
  expect(lines.filter((line) => line.includes("in other hands"))).toEqual([]);

  // The same work again is new work. Its worker is not on the list before its next heartbeat, and it runs all the same.
  gate = Promise.withResolvers<void>();
  const again = await semel.enqueue(job, { n: 1 });
  await waitFor(() => runs === 2, { what: "the job to run again" });
  expect((await semel.explain(again.id))[0]).toMatchObject({ code: "running" });
  gate.resolve();
  await again.result({ timeout: "10s" });
});
