import { Groups } from "../children/groups.ts";
import { orphaned } from "../children/orphan.ts";
import type { DeadReason } from "../dead-letter/reason.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { Settled } from "../idempotency/operations.ts";
import { Steps } from "../idempotency/steps.ts";
import type { Envelope } from "../job/envelope.ts";
import { jobOf } from "../job/identity.ts";
import { parsePayload, upcast } from "../job/payload.ts";
import type { Delivery, Disposition } from "../queue/queue.ts";
import { SimulatedCrash } from "../runtime/runtime.ts";
import { type Arrival, arrive, claimPatienceMs, isArrival, storeSilentMs } from "./arrival.ts";
import { type Ending, judge } from "./ending.ts";
import { execute } from "./execute.ts";
import { isSuspect } from "./isolation.ts";
import { converse } from "./job-context.ts";
import { mortal } from "./mortal.ts";
import type { WorkerParts } from "./parts.ts";
import type { Registration } from "./registration.ts";
import { settle } from "./settle.ts";

/*
 * The life of one attempt, from a delivery to what becomes of it:
 *
 *   decode ▶ claim ▶ upcast and validate ▶ run under deadline, lease and signal ▶ settle ▶ dispose of the delivery ▶ emit
 *   └─ arrival.ts ─┘ └──────── here ─────┘ └──── execute.ts, lease-keeper.ts ───┘ └────── ending.ts, settle.ts ────────┘
 */

/** A job that has to run apart is looked at again after this part of its lease, up to twice as much. */
const isolationWait = 1 / 3;

/** Never rejects: whatever happens, the queue is told what is to become of the delivery. */
export async function runAttempt(parts: WorkerParts, delivery: Delivery): Promise<Disposition> {
  let arrival: Arrival | undefined;
  let isolated = (): void => {};
  try {
    const arrived = await arrive(parts, delivery);
    if (!isArrival(arrived)) return arrived;
    arrival = arrived;
    parts.leases.hold(arrival.lease);
    parts.note(delivery, "begun");
    const leave = isSuspect(arrival) ? parts.isolation.enter() : () => {};
    if (!leave) return await stepAside(parts, arrival);
    isolated = leave;
    const own = mortal(parts.runtime);
    const disposition = await live(own ? { ...parts, mortal: own, runtime: own.runtime } : parts, arrival);
    if (disposition.do === "ack") parts.runtime.failpoint?.("ack:before");
    else parts.runtime.failpoint?.("return:before");
    return disposition;
  } catch (error) {
    // A simulated crash leaves everything as it is; the lease and the broker's hold end by themselves.
    if (SimulatedCrash.is(error)) return { do: "abandon" };
    throw error;
  } finally {
    isolated();
    if (arrival) parts.leases.release(arrival.lease);
  }
}

/** Another job that keeps losing its workers runs here: this one is given back, and counts nothing. */
async function stepAside(parts: WorkerParts, { delivery, envelope, lease }: Arrival): Promise<Disposition> {
  const delayMs = Math.ceil(lease.leaseMs * isolationWait * (1 + parts.runtime.random()));
  const { key, owner, fence } = lease;
  const as = { state: "retrying", counts: "nothing", delayMs, error: undefined } as const;
  let answer: Settled;
  try {
    answer = await parts.guard.insist({ op: "settle", key, owner, fence, as }, claimPatienceMs, parts.givingUp);
  } catch {
    // Reported already. Its lease ends by itself.
    return { do: "return", delayMs: storeSilentMs };
  }
  const id = jobOf(delivery);
  parts.note(delivery, "released");
  if (answer.is !== "settled" || answer.state !== "retrying") {
    // A cancel, or somebody else, has overtaken it: the next delivery finds out who.
    if (answer.is === "settled") parts.announce(id);
    return { do: "return", delayMs: 0 };
  }
  const about = { id, type: envelope?.type ?? delivery.lane, tenant: envelope?.tenant };
  parts.emitter.emit("delivery.held", { ...about, reason: "isolated", nextInMs: delayMs });
  return { do: "return", delayMs };
}

async function live(parts: WorkerParts, arrival: Arrival): Promise<Disposition> {
  const { envelope, lease, claimed } = arrival;
  const about = {
    id: jobOf(arrival.delivery),
    type: envelope?.type ?? arrival.delivery.lane,
    tenant: envelope?.tenant,
    attempt: claimed.attempt,
    fence: claimed.fence,
  };
  const onAbort = (): void =>
    parts.emitter.emit("attempt.aborted", { ...about, reason: lease.abortReason ?? "lease-lost" });
  const ignoreAborts = lease.onAbort(onAbort);

  const steps = new Steps({
    guard: parts.guard,
    runtime: parts.runtime,
    emitter: parts.emitter,
    givingUp: parts.givingUp,
    lease,
    generation: claimed.generation,
    about,
  });
  const startedAt = parts.runtime.clock.monotonic();
  const waitedMs = Math.max(0, claimed.now - (envelope?.notBefore ?? claimed.now));
  parts.emitter.emit("attempt.started", { ...about, waitedMs, recovered: claimed.recovered });

  const prepared = await prepare(arrival);
  const ending = prepared.ending ?? (await orphaned(parts, envelope)) ?? (await run(parts, arrival, prepared, steps));
  steps.end();
  ignoreAborts();
  const ranMs = parts.runtime.clock.monotonic() - startedAt;
  return await settle(parts, arrival, judge(parts, arrival, ending), {
    about,
    ranMs,
    steps: steps.done,
    payload: prepared.payload,
  });
}

/** What may run; or why it must not, with the payload where it could be read. */
type Prepared =
  | { readonly ending: Ending; readonly payload?: unknown }
  | {
      readonly ending?: undefined;
      readonly envelope: Envelope;
      readonly registration: Registration;
      readonly payload: unknown;
    };

const dead = (reason: DeadReason, error: unknown): Ending => ({ is: "dead", reason, error });

/** Upcast and validate. */
async function prepare({ envelope, registration, claimed, payload, problem }: Arrival): Promise<Prepared> {
  if (!envelope || !registration) {
    const error = new SemelError("ENVELOPE_INVALID", `the envelope cannot be read: ${problem}`);
    return { ending: dead("INVALID_ENVELOPE", error) };
  }
  const doomed = claimed.doomed && dead(claimed.doomed, doom(claimed, claimed.doomed));
  try {
    const current = await parsePayload(registration.job, upcast(registration.job, payload, envelope.version));
    return doomed ? { ending: doomed, payload: current } : { envelope, registration, payload: current };
  } catch (error) {
    return { ending: doomed ?? dead("INVALID_PAYLOAD", error) };
  }
}

function run(
  parts: WorkerParts,
  arrival: Arrival,
  { envelope, registration, payload }: Extract<Prepared, { envelope: Envelope }>,
  steps: Steps,
): Promise<Ending> {
  const groups = new Groups(parts, arrival, envelope, steps);
  const conversation = converse(parts, arrival, envelope, payload, steps, groups);
  return execute(parts, arrival, registration, conversation, steps, groups);
}

function doom(claimed: Arrival["claimed"], reason: "CRASH_LOOP" | "DEADLINE" | "CONFLICT"): SemelError {
  switch (reason) {
    case "CRASH_LOOP":
      return new SemelError("CRASH_LOOP", `${claimed.crashes} workers died or went silent while running it`);
    case "DEADLINE":
      return new SemelError("DEADLINE_PASSED", "the job's deadline was over before it could run");
    case "CONFLICT":
      return new SemelError(
        "CORRELATION_CONFLICT",
        "the delivery carries another payload than the one that was enqueued under its id",
      );
  }
}
