// A worker process of `--kill`: node kill-worker.ts <address of the provider>, with the backend's place as JSON in
// KILL_BACKEND, since a URL may hold a password. Tells its parent what happens.
import { processor, type SemelEvent } from "@semel/core";
import { type BackendPlace, openSemel } from "./backend.ts";
import { paidJob, type WorkerMessage } from "./kill-job.ts";

const [provider = ""] = process.argv.slice(2);
const where = JSON.parse(process.env.KILL_BACKEND ?? "") as BackendPlace;
const tell = (message: WorkerMessage) => process.send?.(message);
// A parent that is gone watches nobody.
process.once("disconnect", () => process.exit(1));

const call = processor(paidJob, async ({ payload, once }) => {
  const vector = await once("embed", async ({ key, signal }) => {
    const headers = { "idempotency-key": key, "content-type": "application/json" };
    const answer = await fetch(provider, { method: "POST", headers, body: JSON.stringify(payload), signal });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
    return (await answer.json()) as number[];
  });
  return { dimensions: vector.length };
});

const onEvent = (event: SemelEvent) => {
  if (event.name === "attempt.started") tell({ is: "started", attempt: event.attempt, recovered: event.recovered });
};
const semel = openSemel(where, [{ onEvent }], "30s");
// Every process asks for the same work, as a restarted application would.
const job = await semel.enqueue(paidJob, { order: "order-1", text: "Arma virumque cano" });
tell({ is: "enqueued", outcome: job.outcome });
semel.worker({ processors: [call] });
const { dimensions } = await job.result({ timeout: "30s" });
const status = await semel.status(paidJob, job.id);
await semel.close();
tell({
  is: "ended",
  state: status?.state ?? "unknown",
  attempt: status?.attempt ?? 0,
  crashes: status?.crashes ?? 0,
  dimensions,
});
process.disconnect();
