import type { EpochMs } from "../../runtime/clock.ts";
import type { JobRecord, StepRecord } from "../job-record.ts";
import type * as Op from "../operations.ts";
import { type Decision, held, leased, lost } from "./decision.ts";

/** May the step have its effect? */
export function stepBegin(
  op: Op.StepBegin,
  found: JobRecord | undefined,
  stored: StepRecord | undefined,
  now: EpochMs,
): Decision<Op.StepBegin> {
  const record = held(op, found);
  if (!record) return { answer: lost(found) };
  const step = stored?.generation === record.generation ? stored : undefined;
  const renewed = leased(record, op.leaseMs, now);
  if (step && step.input !== op.input) return { answer: { is: "input-differs" }, writes: { record: renewed } };
  if (step?.value !== undefined) return { answer: { is: "memo", value: step.value }, writes: { record: renewed } };
  const uncertain = step !== undefined && step.fence !== op.fence;
  if (uncertain && op.onUncertain === "ask")
    return { answer: { is: "uncertain", since: step.startedAt }, writes: { record: renewed } };
  const repeated = uncertain || step?.repeated === true;
  const intent: StepRecord = {
    generation: record.generation,
    fence: op.fence,
    owner: op.owner,
    input: op.input,
    repeated,
    startedAt: now,
  };
  return { answer: { is: "run", repeated }, writes: { record: renewed, step: { name: op.step, record: intent } } };
}

/** It had it, or certainly did not. */
export function stepEnd(
  op: Op.StepEnd,
  record: JobRecord | undefined,
  step: StepRecord | undefined,
): Decision<Op.StepEnd> {
  if (!record || (step && step.generation !== record.generation)) return { answer: { is: "stale" } };
  // Nothing to undo: sent twice, or never begun.
  if (!step) return { answer: { is: op.as.is === "undone" ? "recorded" : "stale" } };
  if (step.value !== undefined) {
    const own = step.fence === op.fence && op.as.is === "done" && op.as.value === step.value;
    return { answer: own ? { is: "recorded" } : { is: "already", value: step.value } };
  }
  if (step.fence !== op.fence || step.owner !== op.owner) return { answer: { is: "stale" } };
  const ended = op.as.is === "done" ? { ...step, value: op.as.value } : null;
  return { answer: { is: "recorded" }, writes: { record, step: { name: op.step, record: ended } } };
}

/** Somebody found out, while the job was set aside for it. */
export function stepDecide(
  op: Op.StepDecide,
  record: JobRecord | undefined,
  step: StepRecord | undefined,
): Decision<Op.StepDecide> {
  if (!record || record.id !== op.id || record.state !== "dead") return { answer: { is: "stale" } };
  const { as } = op;
  if (!step || step.generation !== record.generation)
    return { answer: { is: as.is === "undone" ? "recorded" : "stale" } };
  if (step.value !== undefined) {
    const same = as.is === "done" && as.value === step.value;
    return { answer: same ? { is: "recorded" } : { is: "already", value: step.value } };
  }
  const decided = as.is === "done" ? { ...step, value: as.value } : null;
  return { answer: { is: "recorded" }, writes: { record, step: { name: op.step, record: decided } } };
}
