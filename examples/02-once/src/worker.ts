// A worker process: node worker.ts <directory of the queue> <address of the provider>. Does the one job, says how it
// stands, and ends.
import { createSemel, processor } from "@semel/core";
import { embedded } from "@semel/embedded";
import { summarise } from "./job.ts";

const [directory = "", provider = ""] = process.argv.slice(2);

const work = processor(summarise, async ({ payload, once }) => {
  // Paid for between the braces. On record after them: from then on no attempt calls again.
  const summary = await once("call", async ({ key, signal }) => {
    const headers = { "idempotency-key": key };
    const answer = await fetch(provider, { method: "POST", headers, body: payload.text, signal });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
    return answer.text();
  });
  return { summary };
});

const semel = createSemel({ ...embedded(directory, { waitForLock: "30s" }), logger: false });
const job = await semel.enqueue(summarise, { order: "order-1", text: "Arma virumque cano" });
semel.worker({ processors: [work] });
await job.result({ timeout: "120s" });
const status = await semel.status(summarise, job.id);
await semel.close();
process.send?.({ state: status?.state, attempt: status?.attempt, crashes: status?.crashes });
process.disconnect?.();
