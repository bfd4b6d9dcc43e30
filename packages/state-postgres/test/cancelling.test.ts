import { createSemel, defineJob, processor } from "@semel/core";
import { MemoryQueue } from "@semel/core/memory";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { postgresStore } from "../src/index.ts";
import { fresh, serverUrl } from "./databases.ts";

/* Two applications that have a database and a broker in common, and no signals between them. */

const payload = z.object({ n: z.number() });

function applications(): [ReturnType<typeof createSemel>, ReturnType<typeof createSemel>] {
  const queue = new MemoryQueue();
  const schema = fresh("cancelling");
  const open = () => {
    const store = postgresStore({ url: serverUrl(), schema });
    const semel = createSemel({ queue, store, deadLetters: store, logger: false, namespace: "cancelling" });
    onTestFinished(() => semel.close({ deadline: "1s" }));
    return semel;
  };
  return [open(), open()];
}

test("a waiting job that somebody else cancels never runs", async () => {
  const [server, operator] = applications();
  const job = defineJob({ type: "waiting", payload, correlation: ["n"], result: z.string() });
  const { id, result } = await server.enqueue(job, { n: 1 });
  expect(await operator.cancel(id, "not wanted")).toBe("cancelled");
  const worker = server.worker({ processors: [processor(job, async () => "ran")] });
  await worker.idle();
  await expect(result({ timeout: "10s" })).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  expect(await operator.status(id)).toMatchObject({ state: "cancelled", error: { message: "not wanted" } });
});

test("a running job that somebody else cancels is told with its next renewal", async () => {
  const [server, operator] = applications();
  const job = defineJob({ type: "running", payload, correlation: ["n"], lease: "1s" });
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  server.worker({
    processors: [
      processor(job, ({ signal }) => {
        begun.resolve();
        return new Promise<never>((_, reject) =>
          signal.addEventListener("abort", () => {
            stopped.resolve((signal.reason as { reason: string }).reason);
            reject(signal.reason);
          }),
        );
      }),
    ],
  });
  const { id, result } = await server.enqueue(job, { n: 1 });
  await begun.promise;
  expect(await operator.cancel(id, "changed my mind")).toBe("requested");
  expect(await stopped.promise).toBe("cancelled");
  await expect(result({ timeout: "10s" })).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  expect(await operator.status(id)).toMatchObject({ state: "cancelled", error: { message: "changed my mind" } });
  expect(await operator.cancel(id)).toBe("finished");
});
