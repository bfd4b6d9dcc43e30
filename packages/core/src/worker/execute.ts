import type { Groups } from "../children/groups.ts";
import { describeFailure } from "../errors/failure.ts";
import type { FailureClass } from "../errors/failure-class.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { Steps } from "../idempotency/steps.ts";
import { jobOf } from "../job/identity.ts";
import type { Json } from "../job/json.ts";
import { parseResult } from "../job/payload.ts";
import type { Decided } from "../processor/outcome.ts";
import { decidedBy } from "../processor/outcome.ts";
import { classify } from "../retry/classify.ts";
import type { Timer } from "../runtime/clock.ts";
import { SimulatedCrash } from "../runtime/runtime.ts";
import type { Arrival } from "./arrival.ts";
import { commit } from "./commit.ts";
import type { Ending } from "./ending.ts";
import type { Conversation } from "./job-context.ts";
import type { WorkerParts } from "./parts.ts";
import type { Registration } from "./registration.ts";

/** How long a processor may take to obey its signal before its slot is taken back. */
const graceMs = 3_000;

/**
 * Runs `process` under its deadline and its lease, and says how that ended. A run that completed although it was told
 * to stop has completed: the effect is a fact.
 */
export async function execute(
  parts: WorkerParts,
  arrival: Arrival,
  registration: Registration,
  conversation: Conversation,
  steps: Steps,
  groups: Groups,
): Promise<Ending> {
  const { clock } = parts.runtime;
  const { lease, claimed } = arrival;
  const { job } = registration;
  const leftMs = claimed.deadlineAt - claimed.now;
  const timeoutMs = Math.min(job.timeoutMs, leftMs);
  const timer = clock.timer(timeoutMs, () =>
    lease.abort(
      "timeout",
      timeoutMs < job.timeoutMs ? "the job's deadline is over" : `the attempt took longer than ${job.timeoutMs} ms`,
    ),
  );
  try {
    const returning = untilObeyed(parts, arrival, () => run(parts, registration, conversation, steps));
    const returned = await (parts.mortal ? Promise.race([returning, parts.mortal.died]) : returning);
    // Whatever became of what unwound it: while children have not ended, this was no end.
    if (groups.waitsFor) return interrupted(arrival, undefined) ?? { is: "waiting", for: groups.waitsFor };
    const forgotten = conversation.forgotten(returned);
    if (forgotten) return { is: "dead", reason: "NON_RETRYABLE", error: notReturned(forgotten) };
    const decided = decidedBy(returned);
    if (decided?.is === "transaction")
      return await untilObeyed(parts, arrival, () =>
        commit(parts, arrival, registration, conversation, steps, decided.run),
      );
    return decided ? decision(decided) : { is: "completed", result: await parseResult(job, returned) };
  } catch (error) {
    if (SimulatedCrash.is(error)) throw error;
    const stopped = interrupted(arrival, error);
    if (stopped) return stopped;
    if (groups.waitsFor) return { is: "waiting", for: groups.waitsFor };
    return failure(parts, registration, conversation, error);
  } finally {
    timer.cancel();
  }
}

async function run(
  parts: WorkerParts,
  { processor }: Registration,
  { context }: Conversation,
  steps: Steps,
): Promise<unknown> {
  let returned: unknown;
  try {
    returned = await (parts.around
      ? parts.around(context, async () => processor.process(context))
      : processor.process(context));
  } catch (error) {
    // The other steps of a `Promise.all`, of which one failed.
    await steps.ended();
    throw error;
  }
  if (steps.areEnded) return returned;
  const { open } = steps;
  await steps.ended();
  throw new SemelError(
    "STEP_NOT_AWAITED",
    `the processor returned before its step "${open[0]}" had ended; write \`await once(…)\``,
    {
      details: { steps: open },
    },
  );
}

/** Settles with the run, or rejects once the run was told to stop and did not within {@link graceMs}. */
function untilObeyed<T>(parts: WorkerParts, arrival: Arrival, work: () => Promise<T>): Promise<T> {
  const { lease } = arrival;
  return new Promise((resolve, reject) => {
    let grace: Timer | undefined;
    const stopWaiting = (): void => {
      const giveUp = (): void => {
        runsAway(parts, arrival);
        reject(lease.aborted);
      };
      grace = parts.runtime.clock.timer(graceMs, giveUp, "background");
    };
    const ignoreAborts = lease.onAbort(stopWaiting);
    if (lease.aborted) stopWaiting();
    const done = (): void => {
      ignoreAborts();
      grace?.cancel();
    };
    work().then(
      (returned) => {
        done();
        resolve(returned);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}

/** Its slot is taken back, and what it still does cannot be stopped: that has to be said. */
function runsAway(parts: WorkerParts, { delivery, envelope, claimed, lease }: Arrival): void {
  parts.note(delivery, "runaway");
  parts.emitter.emit("attempt.runaway", {
    id: jobOf(delivery),
    type: envelope?.type ?? delivery.lane,
    tenant: envelope?.tenant,
    attempt: claimed.attempt,
    fence: claimed.fence,
    reason: lease.abortReason ?? "lease-lost",
  });
}

function decision(decided: Exclude<Decided, { is: "transaction" }>): Ending {
  switch (decided.is) {
    case "retry":
      return {
        is: "failed",
        exactly: decided.afterMs,
        error: new SemelError("RETRY_AFTER", decided.reason, { isRetryable: true }),
      };
    case "defer":
      return { is: "deferred", reason: decided.reason, delayMs: decided.untilMs };
    case "deadLetter":
      return {
        is: "dead",
        reason: "REJECTED",
        error: new SemelError("NON_RETRYABLE", decided.reason),
        details: decided.details,
      };
    case "cancel":
      return { is: "cancelled", by: decided.reason };
  }
}

/** A run that threw after it was told to stop did as it was told. */
function interrupted({ lease }: Arrival, error: unknown): Ending | undefined {
  if (lease.isLost) return { is: "lost" };
  const { aborted } = lease;
  switch (aborted?.reason) {
    case "cancelled":
      return { is: "cancelled", by: aborted.message };
    case "shutdown":
      return { is: "released" };
    case "timeout":
      return {
        is: "failed",
        error: new SemelError("TIMEOUT", aborted.message, { cause: error, isRetryable: true }),
      };
    case "lease-lost":
      // Fenced off here, but the store did not say so: if it still is ours, the next attempt may start at once.
      return { is: "released" };
    default:
      return undefined;
  }
}

function failure(parts: WorkerParts, registration: Registration, conversation: Conversation, error: unknown): Ending {
  const judged = classify(error, parts.runtime.clock.now());
  const kind = ownClass(registration, conversation, error) ?? judged.class;
  if (kind === "fail") return fatal(error);
  if (kind === "retry") return { is: "failed", error, hintMs: judged.hintMs, maxAttempts: judged.maxAttempts };
  const hintMs = judged.hintMs ?? 5_000;
  const reason = describeFailure(error).message;
  // Up to a tenth more, so that the deferred do not come back as one.
  const delayMs = Math.ceil(hintMs * (1 + parts.runtime.random() * 0.1));
  return { is: "deferred", reason, delayMs, restsType: restsType(registration, conversation, error) };
}

function fatal(error: unknown): Ending {
  const code = SemelError.isInstance(error) ? error.code : undefined;
  if (code !== "UNCERTAIN_EFFECT" && code !== "CHILDREN_FAILED") return { is: "dead", reason: "NON_RETRYABLE", error };
  const { details } = error as SemelError;
  // Which children, and why, is for whoever reads the letter.
  if (code === "CHILDREN_FAILED") return { is: "dead", reason: code, error, details: details as Json };
  // Whoever has to decide is told what about.
  const { step, since } = details as { readonly step?: string; readonly since?: number };
  return { is: "dead", reason: code, error, details: { step: step ?? null, since: since ?? null } };
}

/** The processor's own classification; one that throws is as good as none. */
function ownClass({ processor }: Registration, { context }: Conversation, error: unknown): FailureClass | undefined {
  try {
    return processor.classifyFailure?.(error, context);
  } catch {
    return undefined;
  }
}

/** One that throws is as good as none. */
function restsType({ processor }: Registration, { context }: Conversation, error: unknown): boolean {
  try {
    return processor.restsType?.(error, context) === true;
  } catch {
    return false;
  }
}

const notReturned = (decided: Decided): SemelError =>
  new SemelError(
    "OUTCOME_NOT_RETURNED",
    `the processor called ${decided.is}(…) and did not return what it answered; write \`return ${decided.is}(…)\``,
    { details: { outcome: decided.is } },
  );
