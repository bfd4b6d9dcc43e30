import { SemelError } from "../errors/semel-error.ts";
import { Steps } from "../idempotency/steps.ts";
import { parsePayload, upcast } from "../job/payload.ts";
import type { Delivery, Disposition } from "../queue/queue.ts";
import { SimulatedCrash } from "../runtime/runtime.ts";
import { type Arrival, arrive, isArrival } from "./arrival.ts";
import { type Ending, judge } from "./ending.ts";
import { execute } from "./execute.ts";
import { converse } from "./job-context.ts";
import type { WorkerParts } from "./parts.ts";
import { settle } from "./settle.ts";

/*
 * The life of one attempt, from a delivery to what becomes of it:
 *
 *   decode ▶ claim ▶ upcast and validate ▶ run under deadline, lease and signal ▶ settle ▶ dispose of the delivery ▶ emit
 *   └─ arrival.ts ─┘ └──────── here ─────┘ └──── execute.ts, lease-keeper.ts ───┘ └────── ending.ts, settle.ts ────────┘
 */

/** Never rejects: whatever happens, the queue is told what is to become of the delivery. */
export async function runAttempt(parts: WorkerParts, delivery: Delivery): Promise<Disposition> {
  let arrival: Arrival | undefined;
  try {
    const arrived = await arrive(parts, delivery);
    if (!isArrival(arrived)) return arrived;
    arrival = arrived;
    parts.leases.hold(arrival.lease);
    return await live(parts, arrival);
  } catch (error) {
    // A simulated crash leaves everything as it is; the lease and the broker's hold end by themselves.
    if (SimulatedCrash.is(error)) return { do: "abandon" };
    throw error;
  } finally {
    if (arrival) parts.leases.release(arrival.lease);
  }
}

async function live(parts: WorkerParts, arrival: Arrival): Promise<Disposition> {
  const { envelope, lease, claimed } = arrival;
  const about = {
    id: arrival.delivery.id,
    type: envelope?.type ?? arrival.delivery.lane,
    tenant: envelope?.tenant,
    attempt: claimed.attempt,
    fence: claimed.fence,
  };
  const onAbort = (): void =>
    parts.emitter.emit("attempt.aborted", { ...about, reason: lease.abortReason ?? "lease-lost" });
  lease.signal.addEventListener("abort", onAbort, { once: true });

  const steps = new Steps({
    guard: parts.guard,
    runtime: parts.runtime,
    emitter: parts.emitter,
    lease,
    generation: claimed.generation,
    about,
  });
  const startedAt = parts.runtime.clock.monotonic();
  const waitedMs = Math.max(0, claimed.now - (envelope?.notBefore ?? claimed.now));
  parts.emitter.emit("attempt.started", { ...about, waitedMs, recovered: claimed.recovered });

  const ending = await endingOf(parts, arrival, steps);
  steps.end();
  lease.signal.removeEventListener("abort", onAbort);
  const ranMs = parts.runtime.clock.monotonic() - startedAt;
  return settle(parts, arrival, judge(parts, arrival, ending), { about, ranMs, steps: steps.done });
}

/** Upcast, validate, run; or the reason why it must not run at all. */
async function endingOf(parts: WorkerParts, arrival: Arrival, steps: Steps): Promise<Ending> {
  const { envelope, registration, claimed } = arrival;
  if (!envelope || !registration)
    return {
      is: "dead",
      reason: "INVALID_ENVELOPE",
      error: new SemelError("ENVELOPE_INVALID", `the envelope cannot be read: ${arrival.problem}`),
    };
  if (claimed.doomed) return { is: "dead", reason: claimed.doomed, error: doom(arrival, claimed.doomed) };
  let payload: unknown;
  try {
    payload = await parsePayload(registration.job, upcast(registration.job, arrival.payload, envelope.version));
  } catch (error) {
    return { is: "dead", reason: "INVALID_PAYLOAD", error };
  }
  const { attempt, crashes, deferrals, redrives, createdAt, now } = claimed;
  const current = {
    ...envelope,
    counters: { attempts: attempt, crashes, deferrals, redrives },
    timings: { ...envelope.timings, enqueuedAt: createdAt, startedAt: now },
  };
  return execute(parts, arrival, registration, converse(parts, arrival, current, payload, steps));
}

function doom({ claimed }: Arrival, reason: "CRASH_LOOP" | "DEADLINE" | "CONFLICT"): SemelError {
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
