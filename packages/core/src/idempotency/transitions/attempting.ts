import { isFinal } from "../../job/state.ts";
import type { EpochMs } from "../../runtime/clock.ts";
import { type JobRecord, keptAttempts, type PastAttempt } from "../job-record.ts";
import type * as Op from "../operations.ts";
import {
  cancelledNow,
  type Decision,
  held,
  introduce,
  leased,
  lost,
  noRest,
  noRestButSteps,
  pastDeadlineMs,
  pastLetterMs,
  type Writes,
} from "./decision.ts";

/** May this delivery run? */
export function claim(
  op: Op.Claim,
  found: JobRecord | undefined,
  now: EpochMs,
  random: () => number,
  before: JobRecord | undefined,
): Decision<Op.Claim> {
  // A record that expired before its delivery came begins anew here.
  const record = found ?? introduce(op, now, before);
  if (record.id !== op.id) return { answer: { is: "superseded", by: record.id, now } };
  if (isFinal(record.state)) return { answer: { is: "finished", state: record.state, followUps: undefined, now } };

  const running = record.state === "running";
  const leaseLeft = running ? (record.leaseUntil ?? 0) - now : 0;
  // Sent again, however late: as long as nobody else claimed, it is the same claim, and no crash.
  if (running && record.owner === op.owner) {
    const renewed = leased(record, Math.max(op.leaseMs, leaseLeft), now);
    return { answer: acquired(renewed, op, now), writes: { record: renewed } };
  }
  if (leaseLeft > 0) {
    return { answer: { is: "busy", retryAfterMs: leaseLeft + Math.ceil(random() * leaseLeft * 0.1), now } };
  }
  if (record.cancelRequested) {
    // Its worker died before it could obey; should it come back, nothing it settles is its own any more.
    return {
      answer: { is: "finished", state: "cancelled", followUps: undefined, now },
      writes: { record: { ...cancelledNow(record, record.cancelRequested.by, 0, now), owner: undefined } },
    };
  }
  if (!running && record.notBefore > now)
    return { answer: { is: "not-yet", retryAfterMs: record.notBefore - now, now } };

  const leaseUntil = now + op.leaseMs;
  const taken: JobRecord = {
    ...record,
    state: "running",
    owner: op.owner,
    fence: Math.max(record.fence + 1, now * 1000),
    leaseUntil,
    crashes: record.crashes + (running ? 1 : 0),
    history: running ? remembered(record, "crash", "CRASHED", Math.min(now, record.leaseUntil ?? now)) : record.history,
    startedAt: record.startedAt ?? now,
    claimedAt: now,
    recovered: running,
    replaced: undefined,
    expiresAt: Math.max(record.expiresAt, leaseUntil + pastLetterMs),
  };
  return { answer: acquired(taken, op, now), writes: { record: taken, ...leftBehind(found) } };
}

/** What goes at the first claim: an expired record's remains, or those of the work whose place this one took. */
function leftBehind(found: JobRecord | undefined): Partial<Writes> {
  if (found && !found.replaced) return {};
  return found && found.replaced?.generation === found.generation ? noRestButSteps : noRest;
}

/** The record's history with the run that is ending now. */
function remembered(record: JobRecord, as: PastAttempt["as"], code: string, endedAt: EpochMs): readonly PastAttempt[] {
  // An owner is "<worker>:<delivery>"; which delivery it was helps nobody later.
  const worker = record.owner?.split(":")[0] ?? "";
  const past: PastAttempt = {
    attempt: record.failures + 1,
    as,
    startedAt: record.claimedAt ?? endedAt,
    endedAt,
    code,
    worker,
  };
  return [...(record.history ?? []), past].slice(-keptAttempts);
}

function acquired(record: JobRecord, op: Op.Claim, now: EpochMs): Op.Claimed {
  const tampered =
    op.fingerprint !== undefined && record.fingerprint !== op.fingerprint && record.version === op.version;
  return {
    is: "acquired",
    fence: record.fence,
    generation: record.generation,
    attempt: record.failures + 1,
    crashes: record.crashes,
    deferrals: record.deferrals,
    redrives: record.redrives ?? 0,
    history: record.history ?? [],
    recovered: record.recovered ?? false,
    createdAt: record.createdAt,
    deadlineAt: record.deadlineAt,
    doomed: tampered
      ? "CONFLICT"
      : record.crashes > op.maxCrashes
        ? "CRASH_LOOP"
        : now > record.deadlineAt
          ? "DEADLINE"
          : undefined,
    now,
  };
}

/** The run is alive. */
export function renew(op: Op.Renew, found: JobRecord | undefined, now: EpochMs): Decision<Op.Renew> {
  const record = held(op, found);
  if (!record) return { answer: lost(found) };
  const renewed = { ...leased(record, op.leaseMs, now), progress: op.progress ?? record.progress };
  return { answer: { is: "held", cancelRequested: record.cancelRequested, now }, writes: { record: renewed } };
}

/** How the run ended. */
export function settle(op: Op.Settle, found: JobRecord | undefined, now: EpochMs): Decision<Op.Settle> {
  const as = op.as;
  const record = held(op, found);
  if (!record) {
    // Sent twice: a fence is given out once, so whoever settled under it is this very call.
    if (found && found.fence === op.fence && found.owner === op.owner)
      return { answer: { is: "settled", state: found.state, now } };
    if (found?.state === "completed" && as.state === "completed")
      return { answer: { is: "already", state: "completed" } };
    return { answer: lost(found) };
  }
  if (as.state !== "retrying") return finish(as, record, now);

  // A cancel that came while it was running must not be forgotten by the retry.
  if (record.cancelRequested) {
    const stopped = cancelledNow(record, record.cancelRequested.by, 0, now);
    return { answer: { is: "settled", state: "cancelled", now }, writes: { record: stopped } };
  }
  const next: JobRecord = {
    ...record,
    state: "retrying",
    leaseUntil: undefined,
    cancelRequested: undefined,
    failures: record.failures + (as.counts === "attempt" ? 1 : 0),
    deferrals: record.deferrals + (as.counts === "deferral" ? 1 : 0),
    notBefore: now + as.delayMs,
    error: as.error ?? record.error,
    waiting: as.waiting,
    // A parent looks after its children many times: that must not push out what went wrong.
    history: as.waiting ? record.history : remembered(record, as.counts, as.error?.code ?? "RELEASED", now),
    expiresAt: Math.max(record.expiresAt, now + as.delayMs + pastLetterMs),
  };
  return { answer: { is: "settled", state: "retrying", now }, writes: { record: next } };
}

/** The run ended the job. */
function finish(
  as: Exclude<Op.Settlement, { state: "retrying" }>,
  record: JobRecord,
  now: EpochMs,
): Decision<Op.Settle> {
  const keepMs = as.state === "dead" ? Math.max(as.keepMs, as.letter.keepMs + pastLetterMs) : as.keepMs;
  const ended = {
    state: as.state,
    leaseUntil: undefined,
    cancelRequested: undefined,
    waiting: undefined,
    finishedAt: now,
    // What was dead once must outlast its old letters.
    expiresAt: Math.max(now + keepMs, record.deadlineAt + pastDeadlineMs, record.everDead ? record.expiresAt : 0),
    hasFollowUps: as.followUps === undefined ? undefined : true,
  };
  const answer = { is: "settled", state: as.state, now } as const;
  const followUps = as.followUps ?? null;
  switch (as.state) {
    case "completed": {
      const replayUntil = now + as.keepMs;
      return {
        answer,
        writes: {
          record: { ...record, ...ended, replayUntil, result: as.kind, error: undefined, progress: undefined },
          clearSteps: true,
          result: as.result ?? null,
          envelope: as.envelope ?? null,
          followUps,
        },
      };
    }
    case "dead": {
      const error = as.error ?? record.error;
      const dead: JobRecord = { ...record, ...ended, reason: as.reason, error, everDead: true };
      return { answer, writes: { record: dead, letter: as.letter, followUps } };
    }
    case "cancelled": {
      const error = { code: "JOB_CANCELLED", message: as.by };
      return { answer, writes: { record: { ...record, ...ended, error }, followUps } };
    }
  }
}
