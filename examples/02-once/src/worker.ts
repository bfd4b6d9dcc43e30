// A worker process: node worker.ts <directory of the queue> <address of a provider> … Does one job with each provider, says
// how they stand, and ends.
import { createSemel, processor } from "@semel/core";
import { embedded } from "@semel/embedded";
import { summarise } from "./job.ts";

const [directory = "", ...providers] = process.argv.slice(2);

/** How a job stands in the end. */
export interface Ended {
  readonly state: string | undefined;
  readonly attempt: number | undefined;
  readonly crashes: number | undefined;
}

const work = processor(summarise, async ({ payload, once }) => {
  // Paid for between the braces. On record after them: from then on no attempt calls again.
  const summary = await once("call", async ({ key, signal }) => {
    const headers = { "idempotency-key": key };
    const answer = await fetch(payload.provider, { method: "POST", headers, body: "Arma virumque cano", signal });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
    return answer.text();
  });
  return { summary };
});

// A database of its own takes seconds to make.
const semel = createSemel({ ...embedded(directory, { waitForLock: "30s" }), logger: false, deadline: "2m" });
const payloads = providers.map((provider, at) => ({ order: `order-${at + 1}`, provider }));
const { accepted: jobs } = await semel.enqueueMany(summarise, payloads);
semel.worker({ processors: [work] });
await Promise.all(jobs.map(({ result }) => result({ timeout: "2m" })));
const statuses = await Promise.all(jobs.map(({ id }) => semel.status(summarise, id)));
await semel.close();
process.send?.(
  statuses.map((status): Ended => ({ state: status?.state, attempt: status?.attempt, crashes: status?.crashes })),
);
process.disconnect?.();
