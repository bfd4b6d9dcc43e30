import type { DeadReason } from "../dead-letter/reason.ts";
import type { JobRecord } from "../idempotency/job-record.ts";
import type { JobId } from "../job/identity.ts";
import { isFinal } from "../job/state.ts";
import type { StoredValue } from "../job/value.ts";
import type { ChildState } from "./child.ts";
import type { Work } from "./family.ts";

/** How one piece of work ended, as a group writes it down: JSON, so nothing in it is `undefined` on purpose. */
export interface End {
  /** Which work of the family. */
  readonly work: number;
  readonly state: ChildState;
  /** Of the job that did it. Whole: work that is never the same has another key under another parent's id. */
  readonly id?: JobId | undefined;
  readonly reason?: DeadReason | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** Of a completed one. */
  readonly result?: KeptResult | undefined;
}

/** Where a result is: within the log, in a step of its own, still with the child alone, or nowhere. */
export type KeptResult =
  | { readonly in: "log"; readonly value: StoredValue }
  | { readonly in: "step"; readonly bytes: number }
  | { readonly in: "child" }
  | { readonly in: "nowhere"; readonly why: string };

export const completed = (work: Work, id: JobId, result: KeptResult): End => ({
  work: work.at,
  state: "completed",
  id,
  result,
});

/** How a piece of work stands, from its record. A completed one is for the caller to write down, with its result. */
export type Standing =
  | { readonly is: "open" }
  | { readonly is: "completed"; readonly record: JobRecord }
  | { readonly is: "failed"; readonly end: End };

/**
 * What stands for the work is followed, under whatever id: a child that somebody else enqueued, or that was redriven, is
 * waited for like any other. Only another payload is other work; of the parent's own child not even that, since a list that
 * is made anew at every look may differ in a time of day.
 */
export function standing(work: Work, record: JobRecord | undefined): Standing {
  if (work.clashes) return { is: "failed", end: { work: work.at, state: "conflict" } };
  if (!record) return { is: "failed", end: { work: work.at, state: "expired" } };
  const { id } = record;
  if (id !== work.id && record.version === work.version && record.fingerprint !== work.fingerprint)
    return { is: "failed", end: { work: work.at, state: "conflict", id } };
  const { state, reason, error } = record;
  if (!isFinal(state)) return { is: "open" };
  if (state === "completed") return { is: "completed", record };
  const brief = error && { code: error.code, message: error.message.slice(0, 200) };
  return { is: "failed", end: { work: work.at, state, id, reason, error: brief } };
}
