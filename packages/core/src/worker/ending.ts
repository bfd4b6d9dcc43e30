import type { WaitsFor } from "../children/waiting.ts";
import type { DeadReason } from "../dead-letter/reason.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { Lost, Settlement } from "../idempotency/operations.ts";
import type { Json } from "../job/json.ts";
import { backoffMs } from "../retry/backoff.ts";
import { toMs } from "../runtime/duration.ts";
import type { Arrival } from "./arrival.ts";
import type { WorkerParts } from "./parts.ts";

/** How a run ended, before anybody asked whether there is budget for it. */
export type Ending =
  | { readonly is: "completed"; readonly result: unknown }
  /** Completed, and settled already: in the transaction that did its work. */
  | { readonly is: "committed"; readonly settlement: Settlement }
  /** To be tried again; burns an attempt. */
  | {
      readonly is: "failed";
      readonly error: unknown;
      readonly hintMs?: number | undefined;
      readonly exactly?: number | undefined;
      /** Attempts it is worth, all in all; the job's own bound holds as well. */
      readonly maxAttempts?: number | undefined;
    }
  /** To be tried again; burns none. */
  | {
      readonly is: "deferred";
      readonly reason: string;
      readonly delayMs: number;
      /** It goes for every job of the type. */
      readonly restsType?: boolean | undefined;
    }
  /** Put back until its children have ended; burns nothing. */
  | { readonly is: "waiting"; readonly for: WaitsFor }
  | { readonly is: "dead"; readonly reason: DeadReason; readonly error: unknown; readonly details?: Json | undefined }
  | { readonly is: "cancelled"; readonly by: string }
  /** Given back at shutdown; burns nothing. */
  | { readonly is: "released" }
  /** The store said that somebody else holds the job: nothing may be written. */
  | { readonly is: "lost"; readonly now?: Lost["state"] };

/** An ending with its budget checked and its delay computed: exactly what is settled. */
export type Judged =
  | Exclude<Ending, { is: "failed" | "deferred" }>
  | { readonly is: "failed"; readonly error: unknown; readonly delayMs: number }
  | Extract<Ending, { is: "deferred" }>;

/** A job that waits for children looks once more this long before its deadline. */
const lastLookMs = 1_000;
/** No job is deferred more often than this. */
const maxDeferrals = 1_000;

/** Turns a failure without attempts left, and a wait beyond the job's deadline, into a death. */
export function judge(parts: WorkerParts, arrival: Arrival, ending: Ending): Judged {
  if (ending.is === "failed") return judgeFailure(parts, arrival, ending);
  if (ending.is === "waiting") return judgeWaiting(parts, arrival, ending.for);
  if (ending.is !== "deferred") return ending;
  if (arrival.claimed.deferrals >= maxDeferrals) {
    return {
      is: "dead",
      reason: "DEFERRAL_BUDGET",
      error: new SemelError("DEFERRAL_BUDGET_SPENT", `deferred ${maxDeferrals} times, last: ${ending.reason}`),
    };
  }
  return outlives(parts, arrival, ending.delayMs) ? deadline(ending.delayMs, ending.reason) : ending;
}

function judgeFailure(parts: WorkerParts, arrival: Arrival, ending: Extract<Ending, { is: "failed" }>): Judged {
  const { claimed, registration } = arrival;
  const retry = registration?.job.retry;
  if (!retry || claimed.attempt >= Math.min(retry.maxAttempts, ending.maxAttempts ?? retry.maxAttempts))
    return { is: "dead", reason: "ATTEMPTS_EXHAUSTED", error: ending.error };
  const delayMs =
    ending.exactly ??
    ownBackoff(arrival, ending.error) ??
    backoffMs(retry, claimed.attempt, parts.runtime.random, ending.hintMs);
  if (outlives(parts, arrival, delayMs)) return { is: "dead", reason: "DEADLINE", error: ending.error };
  return { is: "failed", error: ending.error, delayMs };
}

/** The last look is just before the deadline: then it can still be said for whom the job waited in vain. */
function judgeWaiting(parts: WorkerParts, arrival: Arrival, waitsFor: WaitsFor): Judged {
  const { nextInMs, total, ended, open } = waitsFor;
  if (!outlives(parts, arrival, nextInMs + lastLookMs)) return { is: "waiting", for: waitsFor };
  const left = leftMs(parts, arrival);
  if (left > 2 * lastLookMs) return { is: "waiting", for: { ...waitsFor, nextInMs: left - lastLookMs } };
  const error = new SemelError(
    "DEADLINE_PASSED",
    `the job's deadline ends while ${total - ended} of ${total} children have not ended`,
  );
  return { is: "dead", reason: "DEADLINE", error, details: { children: open } as unknown as Json };
}

/** The processor's own policy; one that throws is as good as none. */
function ownBackoff(arrival: Arrival, error: unknown): number | undefined {
  try {
    const own = arrival.registration?.processor.backoff?.(arrival.claimed.attempt, error);
    return own === undefined ? undefined : toMs(own, "Processor.backoff");
  } catch {
    return undefined;
  }
}

/** By the store's clock, from the instant of the claim on: the worker's own wall clock is not asked. */
function outlives(parts: WorkerParts, arrival: Arrival, delayMs: number): boolean {
  return leftMs(parts, arrival) < delayMs;
}

function leftMs(parts: WorkerParts, arrival: Arrival): number {
  const { deadlineAt, now } = arrival.claimed;
  const ranMs = parts.runtime.clock.monotonic() - arrival.sentAt;
  return deadlineAt - now - ranMs;
}

const deadline = (delayMs: number, why: string): Judged => ({
  is: "dead",
  reason: "DEADLINE",
  error: new SemelError(
    "DEADLINE_PASSED",
    `the job's deadline ends before it could run again in ${Math.round(delayMs)} ms: ${why}`,
  ),
});
