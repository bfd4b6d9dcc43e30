import type { Settled, Settlement } from "../idempotency/operations.ts";
import type { Steps } from "../idempotency/steps.ts";
import { transactionsOf } from "../idempotency/store-transactions.ts";
import { parseResult } from "../job/payload.ts";
import type { Transaction } from "../processor/transaction.ts";
import type { Arrival } from "./arrival.ts";
import type { Ending } from "./ending.ts";
import type { Conversation } from "./job-context.ts";
import type { WorkerParts } from "./parts.ts";
import type { Registration } from "./registration.ts";
import { completion } from "./settle.ts";

/** Thrown inside a transaction to undo it: the job is in other hands. */
class NotOurs extends Error {
  readonly answer: Settled;

  constructor(answer: Settled) {
    super("the job could not be settled in the transaction");
    this.answer = answer;
  }
}

/**
 * Runs the function that `context.transaction` was given, with the job's completion as the transaction's last write: rows
 * and outcome are committed together or not at all. Rejects with what the function threw, or with the failure of the commit;
 * should that have gone through after all, the settlement that follows is told so by the record.
 */
export async function commit(
  parts: WorkerParts,
  arrival: Arrival,
  registration: Registration,
  { context }: Conversation,
  steps: Steps,
  run: (transaction: Transaction) => unknown,
): Promise<Ending> {
  const { lease } = arrival;
  if (lease.aborted) throw lease.aborted;
  // The processor has returned; a step would be no part of the transaction, and might wait for it.
  steps.end();
  const { id, attempt, fence, tenant, payload } = context;
  const about = { id, type: registration.job.type, tenant, attempt, fence };
  const facts = { about, ranMs: 0, steps: steps.done, payload };
  try {
    const settlement = await transactionsOf(parts.guard.store).run(async (open): Promise<Settlement> => {
      const result = await parseResult(registration.job, await run(open.handle));
      const settlement = await completion(parts, arrival, result, facts);
      parts.runtime.failpoint?.("transaction:before-settle");
      lease.isSettling = true;
      const { key, owner } = lease;
      const [answer] = await open.apply([{ op: "settle", key, owner, fence, as: settlement }]);
      // Also where this attempt was settled otherwise, because it did not stop when it was told to.
      if (answer.is !== "settled" || answer.state !== "completed") throw new NotOurs(answer);
      parts.runtime.failpoint?.("transaction:before-commit");
      return settlement;
    });
    parts.runtime.failpoint?.("transaction:after-commit");
    return { is: "committed", settlement };
  } catch (error) {
    lease.isSettling = false;
    if (!(error instanceof NotOurs)) throw error;
    lease.lose();
    return { is: "lost", now: error.answer.state };
  }
}
