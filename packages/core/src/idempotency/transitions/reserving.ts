import { isFinal } from "../../job/state.ts";
import type { EpochMs } from "../../runtime/clock.ts";
import type { JobRecord } from "../job-record.ts";
import type * as Op from "../operations.ts";
import { type Decision, introduce, noRest } from "./decision.ts";

/** A delivery that is this late is looked for. */
export const overdueMs = 60_000;

/** May a new job stand for its correlation? */
export function reserve(
  op: Op.Reserve,
  record: JobRecord | undefined,
  now: EpochMs,
  before: JobRecord | undefined,
): Decision<Op.Reserve> {
  if (!record) {
    const created = introduce(op, now, before);
    return { answer: { is: "created", createdAt: now }, writes: { record: created, ...noRest } };
  }
  if (record.state === "pending" && record.id === op.id && !differs(op, record))
    return { answer: { is: "created", createdAt: record.createdAt } };

  const again = runsAgain(op, record, now);
  if (again) {
    const fresh = introduce(op, now, record);
    const created: JobRecord = {
      ...fresh,
      generation: record.generation + (again === "fresh" ? 1 : 0),
      everDead: record.everDead,
      replaced: { ...record, replaced: undefined },
    };
    return { answer: { is: "created", createdAt: now }, writes: { record: created } };
  }

  const overdue = isOverdue(record, now);
  if (differs(op, record)) {
    return { answer: { is: "conflict", id: record.id, state: record.state, fingerprint: record.fingerprint, overdue } };
  }
  const counted: JobRecord = { ...record, duplicates: record.duplicates + 1, ...(overdue ? { healedAt: now } : {}) };
  if (record.state === "completed") {
    const kind = record.result ?? { kind: "omitted", why: "it had none" };
    return {
      answer: { is: "replayed", id: record.id, finishedAt: record.finishedAt ?? now, kind, result: undefined },
      writes: { record: counted },
    };
  }
  return { answer: { is: "duplicate", id: record.id, state: record.state, overdue }, writes: { record: counted } };
}

/** Payloads of two versions cannot be compared here, and a deployment alone must not make conflicts. */
const differs = (op: Op.Reserve, record: JobRecord): boolean =>
  op.version === record.version && op.fingerprint !== record.fingerprint;

/** Whether a new enqueue takes the place of what stands: with its steps, as a new generation, or not at all. */
function runsAgain(op: Op.Reserve, record: JobRecord, now: EpochMs): "keep" | "fresh" | undefined {
  if (record.id === op.id) return undefined; // a re-send never starts a second run
  // Its follow-up jobs are not known to be enqueued, and only its own delivery can see to that.
  if (record.hasFollowUps) return undefined;
  // Finished steps were made from the payload that was: another one begins a generation of its own.
  const kept = op.force || differs(op, record) ? "fresh" : "keep";
  if (record.state === "cancelled") return kept;
  if (record.state === "dead") return op.force || op.onDead === "rerun" ? kept : undefined;
  if (record.state !== "completed") return undefined;
  const isOver = (record.replayUntil ?? Number.POSITIVE_INFINITY) <= now;
  return isOver || op.force || op.onCompleted === "rerun" ? "fresh" : undefined;
}

function isOverdue(record: JobRecord, now: EpochMs): boolean {
  if (isFinal(record.state) || now - (record.healedAt ?? 0) < overdueMs) return false;
  const due = record.state === "running" ? (record.leaseUntil ?? 0) : record.notBefore;
  return now - due >= overdueMs;
}

/** The queue did not take it after all. */
export function unreserve(op: Op.Unreserve, record: JobRecord | undefined): Decision<Op.Unreserve> {
  if (!record || record.id !== op.id) return { answer: { is: "gone" } };
  // Once claimed, however briefly, it was in the queue after all.
  if (record.state !== "pending" || record.startedAt !== undefined) return { answer: { is: "kept" } };
  // Others were told that it does their work.
  if (record.duplicates > 0) return { answer: { is: "kept" } };
  return { answer: { is: "gone" }, writes: { record: record.replaced ?? null } };
}
