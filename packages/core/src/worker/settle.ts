import { letterKeepMs, writeLetter } from "../dead-letter/dead-letter.ts";
import { describeFailure, type Failure } from "../errors/failure.ts";
import type { Settled as SettledAnswer, Settlement } from "../idempotency/operations.ts";
import type { Events } from "../instrumentation/events.ts";
import type { End, Settled } from "../job/define-job.ts";
import { jobOf } from "../job/identity.ts";
import type { JobState } from "../job/state.ts";
import type { Disposition } from "../queue/queue.ts";
import { type Arrival, followUp, storeSilentMs } from "./arrival.ts";
import type { Judged } from "./ending.ts";
import type { WorkerParts } from "./parts.ts";
import { storable } from "./storable.ts";

/** A finished run is worth much: its settlement is tried this long, past its lease. The fence judges whether it still counts. */
const settlePatienceMs = 600_000;
/** A record of a death or a cancel is kept at least this long. */
const endedKeepMs = 86_400_000;

export interface AttemptFacts {
  readonly about: Pick<Events["attempt.started"], "id" | "type" | "tenant" | "attempt" | "fence">;
  readonly ranMs: number;
  readonly steps: readonly string[];
  /** As the schema gave it; `undefined` if it never came to that. */
  readonly payload: unknown;
}

/** Writes the outcome down, then says what becomes of the delivery, then tells the hooks. In this order. */
export async function settle(
  parts: WorkerParts,
  arrival: Arrival,
  judged: Judged,
  facts: AttemptFacts,
): Promise<Disposition> {
  if (judged.is === "lost") return lost(parts, arrival, facts, judged.now ?? "running");
  if (judged.is === "committed")
    return conclude(parts, arrival, judged.settlement, "completed", judged, facts, undefined);
  const { settlement: bare, end, error } = writable(parts, arrival, judged, facts);
  // Most jobs ask for no follow-ups, and are not made to wait for them.
  const settlement = end && arrival.registration?.job.onSettled ? await caused(parts, arrival, facts, bare, end) : bare;
  const { key, owner, fence } = arrival.lease;
  parts.runtime.failpoint?.("settle:before");
  let answer: SettledAnswer;
  try {
    answer = await parts.guard.insist(
      { op: "settle", key, owner, fence, as: settlement },
      settlePatienceMs,
      parts.givingUp,
    );
  } catch {
    // Reported already. Nothing is acknowledged: the job comes back, and its steps are on record.
    return { do: "return", delayMs: storeSilentMs };
  }
  parts.runtime.failpoint?.("settle:after");
  if (answer.is === "lost") return lost(parts, arrival, facts, answer.state);
  if (answer.is === "already") {
    arrival.lease.lose();
    parts.note(arrival.delivery, "finished");
    parts.emitter.emit("attempt.lost", { ...facts.about, ranMs: facts.ranMs, now: answer.state });
    return { do: "ack" };
  }
  if (settlement.state === "retrying" && answer.state === "retrying") {
    emit(parts, arrival, judged, facts, error);
    if (judged.is === "deferred" && judged.restsType) parts.rest(arrival.delivery.lane, judged.delayMs, judged.reason);
    if (judged.is !== "waiting") return { do: "return", delayMs: settlement.delayMs };
    // On record it may run at any time, so that it may be brought forward.
    const { keys, lookedAt, nextInMs } = judged.for;
    parts.wakes.watch({ id: facts.about.id, delivery: arrival.delivery, fence }, keys, lookedAt);
    return { do: "return", delayMs: nextInMs };
  }
  return conclude(parts, arrival, settlement, answer.state, judged, facts, error);
}

/** The job has ended in this state. */
async function conclude(
  parts: WorkerParts,
  arrival: Arrival,
  settlement: Settlement,
  state: JobState,
  judged: Judged,
  facts: AttemptFacts,
  error: Failure | undefined,
): Promise<Disposition> {
  if (state === "completed" && settlement.state !== "completed") {
    // The commit of its transaction was confirmed to nobody, and went through. Its follow-ups are sent by the next delivery.
    parts.announce(jobOf(arrival.delivery));
    emit(parts, arrival, { is: "completed", result: undefined }, facts, undefined);
    return { do: "return", delayMs: 0 };
  }
  // Only what was settled: a settlement that was overtaken by a cancel brought no follow-ups with it.
  const followUps = state === settlement.state && "followUps" in settlement ? settlement.followUps : undefined;
  const { key } = arrival.lease;
  const id = jobOf(arrival.delivery);
  const sent = followUps === undefined || (await followUp(parts, key, id, followUps));
  parts.announce(id);
  if (settlement.state === "completed" && settlement.kind.kind === "omitted")
    parts.emitter.emit("result.omitted", { ...facts.about, why: settlement.kind.why });
  // A cancel that overtook a retry is what happened.
  emit(
    parts,
    arrival,
    state === "cancelled" && judged.is !== "cancelled" ? { is: "cancelled", by: "cancelled while it ran" } : judged,
    facts,
    error,
  );
  return sent ? { do: "ack" } : { do: "return", delayMs: storeSilentMs };
}

/** No write, no letter, no acknowledgement: the delivery stays as the backup of whoever took over. */
function lost(
  parts: WorkerParts,
  { lease }: Arrival,
  { about, ranMs }: AttemptFacts,
  now: Events["attempt.lost"]["now"],
): Disposition {
  // Whatever of it still runs is told, too.
  lease.lose();
  parts.emitter.emit("attempt.lost", { ...about, ranMs, now });
  return { do: "return", delayMs: lease.leaseMs };
}

interface Draft {
  /** Still without follow-ups. */
  readonly settlement: Settlement;
  /** What `onSettled` is told; absent where the job goes on. */
  readonly end?: End;
  readonly error?: Failure;
}

/** The settlement of a run that completed with this result, follow-ups included. */
export async function completion(
  parts: WorkerParts,
  arrival: Arrival,
  result: unknown,
  facts: AttemptFacts,
): Promise<Settlement> {
  const { settlement, end } = draft(parts, arrival, { is: "completed", result }, facts);
  return end && arrival.registration?.job.onSettled ? caused(parts, arrival, facts, settlement, end) : settlement;
}

/** The settlement; should writing it down fail, that of a job that cannot be helped: it has run, and must not run again for this. */
function writable(
  parts: WorkerParts,
  arrival: Arrival,
  judged: Exclude<Judged, { is: "lost" | "committed" }>,
  facts: AttemptFacts,
): Draft {
  try {
    return draft(parts, arrival, judged, facts);
  } catch (error) {
    return draft(parts, arrival, { is: "dead", reason: "NON_RETRYABLE", error }, facts);
  }
}

function draft(
  parts: WorkerParts,
  arrival: Arrival,
  judged: Exclude<Judged, { is: "lost" | "committed" }>,
  facts: AttemptFacts,
): Draft {
  const keepMs = arrival.registration?.job.keepMs ?? endedKeepMs;
  const brief = (failure: Failure) => ({ code: failure.code, message: failure.message.slice(0, 500) });
  const followUps = undefined;
  switch (judged.is) {
    case "completed": {
      const stored = storable(judged.result, parts.guard.store.features.maxValueBytes);
      const envelope = arrival.registration?.job.keepPayload ? arrival.delivery.envelope : undefined;
      return {
        settlement: { state: "completed", ...stored, keepMs, envelope, followUps },
        end: { state: "completed", result: judged.result },
      };
    }
    case "failed": {
      const error = describeFailure(judged.error);
      return {
        settlement: { state: "retrying", counts: "attempt", delayMs: judged.delayMs, error: brief(error) },
        error,
      };
    }
    case "deferred":
      return {
        settlement: {
          state: "retrying",
          counts: "deferral",
          delayMs: judged.delayMs,
          error: { code: "DEFERRED", message: judged.reason.slice(0, 500) },
        },
      };
    case "waiting": {
      const { total, ended, failed } = judged.for;
      const waiting = { total, ended, failed };
      return { settlement: { state: "retrying", counts: "nothing", delayMs: 0, error: undefined, waiting } };
    }
    case "released":
      return { settlement: { state: "retrying", counts: "nothing", delayMs: 0, error: undefined } };
    case "cancelled":
      return {
        settlement: { state: "cancelled", by: judged.by, keepMs: endedKeepMs, followUps },
        end: { state: "cancelled", by: judged.by },
      };
    case "dead": {
      const { body, group, error } = letterOf(parts, arrival, judged, facts);
      const { reason } = judged;
      const letter = { body, group, keepMs: letterKeepMs };
      return {
        settlement: { state: "dead", reason, error: brief(error), letter, keepMs: endedKeepMs, followUps },
        end: { state: "dead", reason, error: brief(error) },
        error,
      };
    }
  }
}

function letterOf(
  parts: WorkerParts,
  arrival: Arrival,
  judged: Extract<Judged, { is: "dead" }>,
  facts: AttemptFacts,
): ReturnType<typeof writeLetter> {
  const { envelope, claimed, registration, delivery } = arrival;
  return writeLetter(
    {
      type: facts.about.type,
      version: envelope?.version ?? 0,
      lane: delivery.lane,
      tenant: envelope?.tenant,
      correlation: envelope?.correlation,
      reason: judged.reason,
      details: judged.details ?? null,
      attempts: claimed.attempt,
      crashes: claimed.crashes,
      deferrals: claimed.deferrals,
      redrives: claimed.redrives,
      history: claimed.history,
      steps: facts.steps,
      traceparent: envelope?.trace?.traceparent,
      fence: claimed.fence,
      worker: parts.id,
      enqueuedAt: claimed.createdAt,
      startedAt: claimed.now,
    },
    judged.error,
    delivery.envelope,
    registration?.job.redact ?? [],
  );
}

/** The settlement with the follow-ups it is to cause. */
async function caused(
  parts: WorkerParts,
  arrival: Arrival,
  facts: AttemptFacts,
  settlement: Settlement,
  end: End,
): Promise<Settlement> {
  if (!("followUps" in settlement)) return settlement;
  return { ...settlement, followUps: await followUpsOf(parts, arrival, facts, end) };
}

/** What `onSettled` wants enqueued; it is asked only with a payload in hand. If it throws, the job's own outcome stands and the hooks hear of it. */
async function followUpsOf(
  parts: WorkerParts,
  arrival: Arrival,
  facts: AttemptFacts,
  end: End,
): Promise<string | undefined> {
  const { registration, envelope } = arrival;
  if (!registration?.job.onSettled || !envelope || facts.payload === undefined) return undefined;
  try {
    const told = { id: envelope.id, tenant: envelope.tenant, payload: facts.payload, ...end } as Settled;
    const asked = registration.job.onSettled(told);
    const requests = asked === undefined ? [] : Array.isArray(asked) ? asked : [asked];
    return requests.length > 0 ? await parts.prepareFollowUps(envelope, requests) : undefined;
  } catch (error) {
    parts.emitter.emit("hook.failed", { during: `onSettled of ${envelope.type}`, error: describeFailure(error) });
    return undefined;
  }
}

function emit(
  parts: WorkerParts,
  arrival: Arrival,
  judged: Judged,
  { about, ranMs, steps }: AttemptFacts,
  error: Failure | undefined,
): void {
  const { emitter } = parts;
  parts.note(arrival.delivery, judged.is === "released" ? "released" : "finished");
  switch (judged.is) {
    case "completed":
    case "committed":
      return emitter.emit("attempt.completed", { ...about, ranMs, steps: steps.length });
    case "failed":
      return emitter.emit("attempt.failed", {
        ...about,
        ranMs,
        error: error ?? describeFailure(judged.error),
        nextInMs: judged.delayMs,
        maxAttempts: arrival.registration?.job.retry.maxAttempts ?? 1,
      });
    case "deferred":
      return emitter.emit("attempt.deferred", { ...about, ranMs, reason: judged.reason, nextInMs: judged.delayMs });
    case "waiting": {
      const { total, ended, failed, nextInMs } = judged.for;
      return emitter.emit("attempt.waiting", { ...about, ranMs, total, ended, failed, nextInMs });
    }
    case "dead":
      return emitter.emit("attempt.dead", {
        ...about,
        ranMs,
        reason: judged.reason,
        error: error ?? describeFailure(judged.error),
      });
    case "cancelled":
      return emitter.emit("attempt.cancelled", { ...about, ranMs, by: judged.by });
    case "released":
      return emitter.emit("attempt.released", { ...about, ranMs });
    case "lost":
      return;
  }
}
