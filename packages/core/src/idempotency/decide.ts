import { isFinal } from "../job/state.ts";
import type { EpochMs } from "../runtime/clock.ts";
import { type JobRecord, keptAttempts, type PastAttempt, type StepRecord } from "./job-record.ts";
import type * as Op from "./operations.ts";

/*
 * The guard's state machine: what each operation does to a record. It is a pure function, so that it can be read,
 * simulated and tested without a server, and so that stores with compare-and-set (memory, SQL) run this very code.
 * A store that must decide on the server (Redis) writes it again there, and the conformance suite holds the two together.
 *
 *            reserve             claim              settle(completed)
 *   absent ───────────▶ pending ───────▶ running ─────────────────────▶ completed ─┐
 *                          │               │ ▲ │                                   │
 *                   cancel │  settle(retry)│ │ │ settle(dead)                      │ reserve(force),
 *                          ▼               ▼ │ └────────────▶ dead ────────────────┤ redrive,
 *                      cancelled ◀──── retrying    claim       ▲                   │ reserve onDead
 *                            cancel      claim: lease over,    │                   ▼
 *                                        crashes + 1 ──────────┘                pending
 */

/** What a store loads for one operation. */
export interface Loaded {
  readonly record: JobRecord | undefined;
  /** The step the operation names, for `step-begin` and `step-end`. */
  readonly step?: StepRecord | undefined;
}

/** What a store has to write, all of it or nothing. An absent field is left as it is. */
export interface Writes {
  /** `null` removes it, with its steps, result, envelope and follow-ups. */
  readonly record?: JobRecord | null;
  readonly step?: { readonly name: string; readonly record: StepRecord | null };
  /** Every step of the record goes. */
  readonly clearSteps?: true;
  readonly result?: string | null;
  readonly envelope?: string | null;
  readonly followUps?: string | null;
  readonly letter?: Op.NewLetter;
}

export interface Decision<O extends Op.Operation> {
  /** `result` and `followUps` of an answer are filled in by the store, from beside the record. */
  readonly answer: Op.AnswerTo<O>;
  readonly writes?: Writes;
}

/** A finished record outlives every copy of a message that names it; `keepMs` only ever lengthens. */
const leastKeepMs = 3_600_000;
/** A dead record outlives its letter by a day, so that an old letter cannot run finished work again. */
const pastLetterMs = 86_400_000;
/** A delivery that is this late is looked for. */
const overdueMs = 60_000;

/**
 * Decides one operation at the instant `now`, by the store's clock.
 * @param random uniform in [0, 1): spreads the return of deliveries that found the record busy.
 */
export function decide<O extends Op.Operation>(
  operation: O,
  loaded: Loaded,
  now: EpochMs,
  random: () => number = Math.random,
): Decision<O> {
  const record = loaded.record && loaded.record.expiresAt > now ? loaded.record : undefined;
  const decided = decideAny(operation, record, loaded, now, random);
  return decided as Decision<O>;
}

function decideAny(
  operation: Op.Operation,
  record: JobRecord | undefined,
  loaded: Loaded,
  now: EpochMs,
  random: () => number,
): Decision<Op.Operation> {
  switch (operation.op) {
    case "reserve":
      return reserve(operation, record, now, loaded.record);
    case "unreserve":
      return unreserve(operation, record);
    case "claim":
      return claim(operation, record, now, random, loaded.record);
    case "renew":
      return renew(operation, record, now);
    case "settle":
      return settle(operation, record, now);
    case "cancel":
      return cancel(operation, record, now);
    case "redrive":
      return redrive(operation, record, now);
    case "step-begin":
      return stepBegin(operation, record, loaded.step, now);
    case "step-end":
      return stepEnd(operation, record, loaded.step);
    case "follow-ups-sent":
      return followUpsSent(operation, record);
  }
}

/** A record as its job is introduced. `before` is what stood there, expired or ended: its fence must not be given out again. */
function introduce(
  job: Op.Introduction & { readonly key: string },
  now: EpochMs,
  before: JobRecord | undefined,
): JobRecord {
  const notBefore = now + job.delayMs;
  return {
    format: 1,
    key: job.key,
    id: job.id,
    type: job.type,
    lane: job.lane,
    tenant: job.tenant,
    state: "pending",
    fingerprint: job.fingerprint ?? "",
    version: job.version,
    generation: 0,
    fence: before?.fence ?? 0,
    failures: 0,
    crashes: 0,
    deferrals: 0,
    duplicates: 0,
    createdAt: now,
    notBefore,
    deadlineAt: notBefore + job.deadlineMs,
    // Pending work is never forgotten before it is certainly over.
    expiresAt: notBefore + job.deadlineMs + 7 * pastLetterMs,
  };
}

function reserve(
  op: Op.Reserve,
  record: JobRecord | undefined,
  now: EpochMs,
  before: JobRecord | undefined,
): Decision<Op.Reserve> {
  if (!record) {
    const created = introduce(op, now, before);
    return { answer: { is: "created", createdAt: now }, writes: { record: created, ...noRest } };
  }
  if (record.state === "pending" && record.id === op.id)
    return { answer: { is: "created", createdAt: record.createdAt } };

  const again = runsAgain(op, record);
  if (again) {
    const fresh = introduce(op, now, record);
    const created: JobRecord = {
      ...fresh,
      generation: record.generation + (again === "fresh" ? 1 : 0),
      everDead: record.everDead,
    };
    return {
      answer: { is: "created", createdAt: now },
      writes: { record: created, ...(again === "fresh" ? noRest : noRestButSteps) },
    };
  }

  const overdue = isOverdue(record, now);
  // Payloads of two versions cannot be compared here, and a deployment alone must not make conflicts.
  if (op.version === record.version && op.fingerprint !== record.fingerprint) {
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

/** Whether a new enqueue takes the place of what stands: with its steps, as a new generation, or not at all. */
function runsAgain(op: Op.Reserve, record: JobRecord): "keep" | "fresh" | undefined {
  if (record.id === op.id) return undefined; // a re-send never starts a second run
  if (record.state === "cancelled") return op.force ? "fresh" : "keep";
  if (record.state === "dead") return op.force ? "fresh" : op.onDead === "rerun" ? "keep" : undefined;
  if (record.state === "completed") return op.force || op.onCompleted === "rerun" ? "fresh" : undefined;
  return undefined;
}

function isOverdue(record: JobRecord, now: EpochMs): boolean {
  if (isFinal(record.state) || now - (record.healedAt ?? 0) < overdueMs) return false;
  const due = record.state === "running" ? (record.leaseUntil ?? 0) : record.notBefore;
  return now - due >= overdueMs;
}

function unreserve(op: Op.Unreserve, record: JobRecord | undefined): Decision<Op.Unreserve> {
  if (!record || record.id !== op.id) return { answer: { is: "gone" } };
  // Once claimed, however briefly, it was in the queue after all.
  if (record.state !== "pending" || record.startedAt !== undefined) return { answer: { is: "kept" } };
  return { answer: { is: "gone" }, writes: { record: null } };
}

function claim(
  op: Op.Claim,
  found: JobRecord | undefined,
  now: EpochMs,
  random: () => number,
  before: JobRecord | undefined,
): Decision<Op.Claim> {
  // Types without correlation, and records that expired before their delivery came, begin here.
  const record = found ?? introduce(op, now, before);
  if (record.id !== op.id) return { answer: { is: "superseded", by: record.id, now } };
  if (isFinal(record.state)) return { answer: { is: "finished", state: record.state, followUps: undefined, now } };

  const running = record.state === "running";
  const leaseLeft = running ? (record.leaseUntil ?? 0) - now : 0;
  if (running && leaseLeft > 0) {
    if (record.owner !== op.owner)
      return { answer: { is: "busy", retryAfterMs: leaseLeft + Math.ceil(random() * leaseLeft * 0.1), now } };
    return { answer: acquired(record, op, now, false) };
  }
  if (record.cancelRequested) {
    // Its worker died before it could obey.
    return {
      answer: { is: "finished", state: "cancelled", followUps: undefined, now },
      writes: { record: cancelledNow(record, record.cancelRequested.by, 0, now) },
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
    expiresAt: Math.max(record.expiresAt, leaseUntil + pastLetterMs),
  };
  return {
    answer: acquired(taken, op, now, running),
    writes: found ? { record: taken } : { record: taken, ...noRest },
  };
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

function acquired(record: JobRecord, op: Op.Claim, now: EpochMs, recovered: boolean): Op.Claimed {
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
    recovered,
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

/** The lease is this owner's under this fence. An expired lease still is, until somebody else claims. */
const held = (op: { owner: string; fence: number }, record: JobRecord | undefined): JobRecord | undefined =>
  record?.state === "running" && record.owner === op.owner && record.fence === op.fence ? record : undefined;

const lost = (record: JobRecord | undefined): Op.Lost => ({
  is: "lost",
  state: record?.state ?? "absent",
  fence: record?.fence ?? 0,
});

function renew(op: Op.Renew, found: JobRecord | undefined, now: EpochMs): Decision<Op.Renew> {
  const record = held(op, found);
  if (!record) return { answer: lost(found) };
  const renewed = { ...leased(record, op.leaseMs, now), progress: op.progress ?? record.progress };
  return { answer: { is: "held", cancelRequested: record.cancelRequested, now }, writes: { record: renewed } };
}

const leased = (record: JobRecord, leaseMs: number, now: EpochMs): JobRecord => ({
  ...record,
  leaseUntil: now + leaseMs,
  expiresAt: Math.max(record.expiresAt, now + leaseMs + pastLetterMs),
});

function settle(op: Op.Settle, found: JobRecord | undefined, now: EpochMs): Decision<Op.Settle> {
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
  const ended: JobRecord = { ...record, leaseUntil: undefined, cancelRequested: undefined };

  if (as.state === "retrying") {
    // A cancel that came while it was running must not be forgotten by the retry.
    if (record.cancelRequested) {
      const stopped = cancelledNow(ended, record.cancelRequested.by, 0, now);
      return { answer: { is: "settled", state: "cancelled", now }, writes: { record: stopped } };
    }
    const next: JobRecord = {
      ...ended,
      state: "retrying",
      failures: record.failures + (as.counts === "attempt" ? 1 : 0),
      deferrals: record.deferrals + (as.counts === "deferral" ? 1 : 0),
      notBefore: now + as.delayMs,
      error: as.error ?? record.error,
      history: remembered(record, as.counts, as.error?.code ?? "RELEASED", now),
      expiresAt: Math.max(record.expiresAt, now + as.delayMs + pastLetterMs),
    };
    return { answer: { is: "settled", state: "retrying", now }, writes: { record: next } };
  }

  const keepMs = Math.max(leastKeepMs, as.keepMs, as.state === "dead" ? as.letter.keepMs + pastLetterMs : 0);
  const final: JobRecord = {
    ...ended,
    state: as.state,
    finishedAt: now,
    // Replays of work that was dead once must outlast its old letters.
    expiresAt: now + (record.everDead ? Math.max(keepMs, record.expiresAt - now) : keepMs),
    hasFollowUps: as.followUps === undefined ? undefined : true,
  };
  if (as.state === "completed") {
    return {
      answer: { is: "settled", state: "completed", now },
      writes: {
        record: { ...final, result: as.kind, error: undefined, progress: undefined },
        clearSteps: true,
        result: as.result ?? null,
        envelope: as.envelope ?? null,
        followUps: as.followUps ?? null,
      },
    };
  }
  if (as.state === "dead") {
    const dead: JobRecord = { ...final, reason: as.reason, error: as.error ?? record.error, everDead: true };
    return {
      answer: { is: "settled", state: "dead", now },
      writes: { record: dead, letter: as.letter, followUps: as.followUps ?? null },
    };
  }
  const cancelled: JobRecord = { ...final, error: { code: "JOB_CANCELLED", message: as.by } };
  return {
    answer: { is: "settled", state: "cancelled", now },
    writes: { record: cancelled, followUps: as.followUps ?? null },
  };
}

const cancelledNow = (record: JobRecord, by: string, keepMs: number, now: EpochMs): JobRecord => ({
  ...record,
  state: "cancelled",
  leaseUntil: undefined,
  cancelRequested: undefined,
  finishedAt: now,
  expiresAt: Math.max(record.everDead ? record.expiresAt : 0, now + Math.max(leastKeepMs, keepMs)),
  error: { code: "JOB_CANCELLED", message: by },
});

function cancel(op: Op.Cancel, record: JobRecord | undefined, now: EpochMs): Decision<Op.Cancel> {
  if (!record || record.id !== op.id) return { answer: { is: "unknown" } };
  if (isFinal(record.state)) return { answer: { is: "finished", state: record.state } };
  if (record.state === "running") {
    return { answer: { is: "requested" }, writes: { record: { ...record, cancelRequested: { by: op.by } } } };
  }
  const cancelled = cancelledNow(record, op.by, op.keepMs, now);
  return { answer: { is: "cancelled" }, writes: { record: cancelled } };
}

function redrive(op: Op.Redrive, record: JobRecord | undefined, now: EpochMs): Decision<Op.Redrive> {
  if (!record) return { answer: { is: "unknown" } };
  const ended = isFinal(record.state) && record.id === op.id && (record.state === "dead" || op.steps === "fresh");
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
  };
  return { answer: { is: "redriven" }, writes: { record: again, ...(fresh ? noRest : noRestButSteps) } };
}

function stepBegin(
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
  const repeated = step !== undefined && step.fence !== op.fence;
  if (repeated && op.onUncertain === "ask")
    return { answer: { is: "uncertain", since: step.startedAt }, writes: { record: renewed } };
  const intent: StepRecord = {
    generation: record.generation,
    fence: op.fence,
    owner: op.owner,
    input: op.input,
    startedAt: now,
  };
  return { answer: { is: "run", repeated }, writes: { record: renewed, step: { name: op.step, record: intent } } };
}

function stepEnd(op: Op.StepEnd, record: JobRecord | undefined, step: StepRecord | undefined): Decision<Op.StepEnd> {
  if (!record || !step || step.generation !== record.generation) return { answer: { is: "stale" } };
  if (step.value !== undefined)
    return { answer: step.fence === op.fence ? { is: "recorded" } : { is: "already", value: step.value } };
  if (step.fence !== op.fence || step.owner !== op.owner) return { answer: { is: "stale" } };
  const ended = op.as.is === "done" ? { ...step, value: op.as.value } : null;
  return { answer: { is: "recorded" }, writes: { record, step: { name: op.step, record: ended } } };
}

function followUpsSent(op: Op.FollowUpsSent, record: JobRecord | undefined): Decision<Op.FollowUpsSent> {
  if (!record?.hasFollowUps || record.id !== op.id) return { answer: { is: "noted" } };
  return { answer: { is: "noted" }, writes: { record: { ...record, hasFollowUps: undefined }, followUps: null } };
}

/** What a new run leaves behind of the old one. */
const noRestButSteps = { result: null, envelope: null, followUps: null } as const;
const noRest = { ...noRestButSteps, clearSteps: true } as const;
