import { describeFailure } from "../errors/failure.ts";
import { storeDeadlineMs } from "../idempotency/guard.ts";
import { Lease } from "../idempotency/lease.ts";
import type { Claim, Claimed } from "../idempotency/operations.ts";
import { decodeEnvelope, type Envelope } from "../job/envelope.ts";
import { guardKey, jobOf, keyOf } from "../job/identity.ts";
import type { Delivery, Disposition } from "../queue/queue.ts";
import { SimulatedCrash } from "../runtime/runtime.ts";
import type { WorkerParts } from "./parts.ts";
import type { Registration } from "./registration.ts";

/** A type this worker does not know, or a version it is too old for, is looked at again after this long. */
const holdMs = 15_000;
/**
 * A claim is asked for this long. While the store does not answer nothing else could run here either; and a claim that
 * was given up might have gone through, and would look like a crash once its lease is over.
 */
export const claimPatienceMs = 600_000;
/** How soon a delivery comes back when the store was silent. */
export const storeSilentMs = 5_000;
/** What an unreadable envelope is claimed with, as it cannot say so itself. */
const unreadable = { version: 1, leaseMs: 30_000, deadlineMs: 86_400_000, maxCrashes: 3 };

/** A delivery this worker holds the lease of. */
export interface Arrival {
  readonly delivery: Delivery;
  readonly lease: Lease;
  /** When the claim was sent, on the monotonic clock. */
  readonly sentAt: number;
  readonly claimed: Extract<Claimed, { is: "acquired" }>;
  /** `undefined` when it could not be read; `problem` says why. */
  readonly envelope: Envelope | undefined;
  readonly payload: unknown;
  readonly problem: string | undefined;
  readonly registration: Registration | undefined;
}

export const isArrival = (value: Arrival | Disposition): value is Arrival => "lease" in value;

/** Decodes a delivery and claims its job; or says what becomes of a delivery that is not to run here and now. */
export async function arrive(parts: WorkerParts, delivery: Delivery): Promise<Arrival | Disposition> {
  const decoded = decodeEnvelope(delivery.envelope);
  if (decoded.is === "newer-format")
    return held(parts, { id: jobOf(delivery), type: delivery.lane, tenant: undefined }, "newer-format");
  const envelope = decoded.is === "envelope" ? decoded.envelope : undefined;
  const registration = parts.registrations.get(envelope?.type ?? delivery.lane);
  // A newer deployment may know it: nothing is failed, or even claimed, for being ahead of this worker.
  if (envelope && !registration) return held(parts, envelope, "unknown-type");
  if (envelope && registration && envelope.version > registration.job.version)
    return held(parts, envelope, "newer-version");

  const { clock } = parts.runtime;
  const operation = claimOf(parts, delivery, envelope, registration);
  const letGo = parts.leases.holdDelivery(delivery, operation.leaseMs / 3);
  const askedAt = clock.monotonic();
  let claimed: Claimed;
  try {
    claimed = await parts.guard.insist(operation, claimPatienceMs, parts.stopping);
  } catch {
    // Reported already. If the claim did go through, its lease ends by itself.
    return { do: "return", delayMs: storeSilentMs };
  } finally {
    letGo();
  }
  parts.runtime.failpoint?.("claim:after");
  if (claimed.is !== "acquired") return turnedAway(parts, delivery, envelope, claimed);

  const { key, owner, leaseMs } = operation;
  // Counted from the last time it can have been sent: an answer comes within a store's deadline of its question.
  const sentAt = Math.max(askedAt, clock.monotonic() - storeDeadlineMs);
  const lease = new Lease({ delivery, key, owner, leaseMs, sentAt, fence: claimed.fence });
  const problem = decoded.is === "unreadable" ? decoded.problem : undefined;
  return {
    delivery,
    lease,
    sentAt,
    claimed,
    envelope,
    payload: decoded.is === "envelope" ? decoded.payload : undefined,
    problem,
    registration,
  };
}

function claimOf(
  parts: WorkerParts,
  delivery: Delivery,
  envelope: Envelope | undefined,
  registration: Registration | undefined,
): Claim {
  const { lane } = delivery;
  const id = jobOf(delivery);
  const { clock, newId } = parts.runtime;
  // Random per delivery: a broker that hands the same job to this worker twice hands it to two owners.
  const owner = `${parts.id}:${newId()}`;
  if (!envelope || !registration) {
    // An id of somebody else's making still gets a record, so that its dead letter has an owner and a fence.
    const key = keyOf(id) ?? guardKey("unreadable", undefined, lane, id);
    return {
      op: "claim",
      key,
      id,
      owner,
      type: lane,
      lane,
      tenant: undefined,
      fingerprint: undefined,
      delayMs: 0,
      ...unreadable,
    };
  }
  const { key, type, tenant, fingerprint, version } = envelope;
  const { leaseMs, maxCrashes } = registration.job;
  const delayMs = Math.max(0, envelope.notBefore - clock.now());
  return {
    op: "claim",
    key,
    id,
    owner,
    type,
    lane,
    tenant,
    fingerprint,
    version,
    leaseMs,
    maxCrashes,
    delayMs,
    deadlineMs: envelope.deadlineAt - clock.now() - delayMs,
  };
}

function held(
  parts: WorkerParts,
  about: { id: string; type: string; tenant?: string | undefined },
  reason: "unknown-type" | "newer-version" | "newer-format",
): Disposition {
  parts.emitter.emit("delivery.held", {
    id: about.id,
    type: about.type,
    tenant: about.tenant,
    reason,
    nextInMs: holdMs,
  });
  return { do: "return", delayMs: holdMs };
}

async function turnedAway(
  parts: WorkerParts,
  delivery: Delivery,
  envelope: Envelope | undefined,
  claimed: Exclude<Claimed, { is: "acquired" }>,
): Promise<Disposition> {
  const about = { id: jobOf(delivery), type: envelope?.type ?? delivery.lane, tenant: envelope?.tenant };
  if (claimed.is === "busy" || claimed.is === "not-yet") {
    parts.emitter.emit("delivery.held", { ...about, reason: claimed.is, nextInMs: claimed.retryAfterMs });
    return { do: "return", delayMs: claimed.retryAfterMs };
  }
  if (claimed.is === "finished" && claimed.followUps !== undefined && envelope) {
    // The worker that settled it died before its follow-ups were enqueued.
    const sent = await followUp(parts, envelope.key, about.id, claimed.followUps);
    if (!sent) return { do: "return", delayMs: storeSilentMs };
  }
  parts.emitter.emit("delivery.dropped", {
    ...about,
    reason: claimed.is === "finished" ? claimed.state : "superseded",
  });
  return { do: "ack" };
}

/** Gives follow-ups to the queue and notes it. False when that has to be tried again. */
export async function followUp(parts: WorkerParts, key: string, id: string, followUps: string): Promise<boolean> {
  try {
    await parts.sendFollowUps(followUps);
    parts.runtime.failpoint?.("follow-ups:sent");
    await parts.guard.insist({ op: "follow-ups-sent", key, id }, claimPatienceMs, parts.givingUp);
    parts.runtime.failpoint?.("follow-ups:noted");
    return true;
  } catch (error) {
    if (SimulatedCrash.is(error)) throw error;
    parts.emitter.emit("queue.unavailable", { during: "follow-ups", error: describeFailure(error) });
    return false;
  }
}
