import { isFinal } from "../../job/state.ts";
import type { EpochMs } from "../../runtime/clock.ts";
import type { JobRecord } from "../job-record.ts";
import type * as Op from "../operations.ts";
import { cancelledNow, type Decision, introduce } from "./decision.ts";

/** Somebody wants it no longer. */
export function cancel(op: Op.Cancel, record: JobRecord | undefined, now: EpochMs): Decision<Op.Cancel> {
  if (!record || record.id !== op.id) return { answer: { is: "unknown" } };
  if (isFinal(record.state)) return { answer: { is: "finished", state: record.state } };
  if (record.state === "running") {
    return { answer: { is: "requested" }, writes: { record: { ...record, cancelRequested: { by: op.by } } } };
  }
  const cancelled = cancelledNow(record, op.by, op.keepMs, now);
  return { answer: { is: "cancelled" }, writes: { record: cancelled } };
}

/** Somebody wants it again. */
export function redrive(op: Op.Redrive, record: JobRecord | undefined, now: EpochMs): Decision<Op.Redrive> {
  if (!record) return { answer: { is: "unknown" } };
  // Follow-up jobs that are not known to be enqueued are seen to by the delivery of the old id.
  const ended =
    !record.hasFollowUps &&
    isFinal(record.state) &&
    record.id === op.id &&
    (record.state === "dead" || op.steps === "fresh");
  if (!ended) return { answer: { is: "already", id: record.id, state: record.state } };
  const fresh = op.steps === "fresh";
  const again: JobRecord = {
    ...introduce(
      { ...record, tenant: record.tenant, id: op.newId, delayMs: 0, deadlineMs: op.deadlineMs },
      now,
      record,
    ),
    generation: record.generation + (fresh ? 1 : 0),
    everDead: record.everDead,
    redrives: (record.redrives ?? 0) + 1,
    replaced: { ...record, replaced: undefined },
  };
  return { answer: { is: "redriven" }, writes: { record: again } };
}

/** Its follow-up jobs are in the queue. */
export function followUpsSent(op: Op.FollowUpsSent, record: JobRecord | undefined): Decision<Op.FollowUpsSent> {
  if (!record?.hasFollowUps || record.id !== op.id) return { answer: { is: "noted" } };
  return { answer: { is: "noted" }, writes: { record: { ...record, hasFollowUps: undefined }, followUps: null } };
}
