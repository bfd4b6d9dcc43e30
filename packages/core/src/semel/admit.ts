import { maySucceedLater } from "../errors/reason.ts";
import { SemelError } from "../errors/semel-error.ts";
import { QueueUnavailableError } from "../errors/unavailable.ts";
import type { Guard } from "../idempotency/guard.ts";
import type { Reserved } from "../idempotency/operations.ts";
import { type JobId, keyOf, suffixOf } from "../job/identity.ts";
import type { Added, Addition, Queue } from "../queue/queue.ts";
import { wait } from "../runtime/clock.ts";
import { within } from "../runtime/deadline.ts";
import { type Runtime, SimulatedCrash } from "../runtime/runtime.ts";
import type { Prepared } from "./prepare.ts";

export interface AdmitParts {
  readonly guard: Guard;
  readonly queue: Queue;
  /** Adds, together with what others are adding. Rejects when the queue is silent for `deadlineMs`. */
  readonly add: (addition: Addition, deadlineMs: number) => Promise<Added>;
  readonly runtime: Runtime;
}

/** How an enqueue came out. A conflict is an error for the caller, who knows the payload. */
export type Admission = { readonly is: "created"; readonly id: JobId } | Exclude<Reserved, { is: "created" }>;
export type Admitted = Exclude<Admission, { is: "conflict" }>;

/**
 * Reserves, then adds: the record exists before its delivery can.
 *
 *   reserve ─▶ created ──▶ add ─▶ added ─────────────────▶ created
 *      │                    ├──▶ refused ─▶ unreserve ───▶ QUEUE_UNAVAILABLE, refused
 *      │                    └──▶ no reply ─▶ add again … ▶ QUEUE_UNAVAILABLE, unknown; the same id may be sent again
 *      ├────▶ duplicate ─▶ has the queue the standing job? if not, add it with this equal payload ─▶ duplicate
 *      └────▶ replayed | conflict
 *
 * All of it within `deadlineMs`.
 * @throws `QUEUE_UNAVAILABLE`.
 */
export async function admit(parts: AdmitParts, prepared: Prepared, deadlineMs: number): Promise<Admission> {
  const { guard, runtime } = parts;
  const { addition, reserve } = prepared;
  const until = runtime.clock.monotonic() + deadlineMs;
  const left = (): number => Math.max(1, until - runtime.clock.monotonic());
  try {
    if (reserve) {
      const reserved = await guard.ask(reserve, left());
      runtime.failpoint?.("enqueue:after-reserve");
      if (reserved.is === "duplicate") await heal(parts, prepared, reserved, left());
      if (
        reserved.is === "conflict" &&
        reserved.overdue &&
        (await isMissing(parts, addition.lane, reserved.id, left()))
      ) {
        const given = await guard.ask({ op: "unreserve", key: reserve.key, id: reserved.id }, left());
        runtime.failpoint?.("enqueue:after-unreserve");
        if (given.is === "gone") return await admit(parts, prepared, left());
      }
      if (reserved.is !== "created") return reserved;
    }
    const added = await addPatiently(parts, addition, until);
    if (added.is === "refused") throw await refused(parts, prepared, added.error, left());
    runtime.failpoint?.("enqueue:after-add");
    return { is: "created", id: addition.id };
  } catch (cause) {
    if (SemelError.isInstance(cause) || SimulatedCrash.is(cause)) throw cause;
    throw new QueueUnavailableError("unknown", suffixOf(addition.id), { cause });
  }
}

/** The reservation is given back; unless somebody was told meanwhile that this job does their work. */
async function refused(
  { guard }: AdmitParts,
  { addition }: Prepared,
  cause: unknown,
  deadlineMs: number,
): Promise<SemelError> {
  const { id } = addition;
  const key = keyOf(id) ?? "";
  // If even this fails, the next duplicate finds the queue without it and adds it.
  const given = await guard.ask({ op: "unreserve", key, id }, deadlineMs).catch(() => undefined);
  return new QueueUnavailableError(given?.is === "gone" ? "refused" : "unknown", suffixOf(id), { cause });
}

/**
 * Adding is safe to repeat under the same id, so a lost reply costs a repeat and nothing else. Once a try may have gone
 * through, that a later one is refused does not say that nothing was added.
 */
async function addPatiently({ add, runtime }: AdmitParts, addition: Addition, until: number): Promise<Added> {
  const { clock, random } = runtime;
  let isUncertain = false;
  for (let tries = 0; ; tries++) {
    const left = Math.max(1, until - clock.monotonic());
    let failure: unknown;
    try {
      const added = await add(addition, left);
      if (added.is !== "refused" || !isUncertain) return added;
      failure = added.error;
    } catch (error) {
      // Closed meanwhile, or a program is wrong: nobody will take it any more.
      if (!maySucceedLater(error)) throw error;
      isUncertain = true;
      failure = error;
    }
    const pause = Math.min(1_000, 50 * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2);
    if (clock.monotonic() + pause >= until) throw failure;
    await wait(clock, pause);
  }
}

/**
 * Sees to it that the standing job has a delivery: whoever reserved it may have died before adding it, and a delivery
 * that is overdue may be lost. It is added again under its own id, with the caller's equal payload. Rejects where it is
 * certainly missing and cannot be added: nobody may be told then that it does their work.
 */
async function heal(
  parts: AdmitParts,
  { addition }: Prepared,
  standing: Extract<Reserved, { is: "duplicate" }>,
  deadlineMs: number,
): Promise<void> {
  const { id, state, overdue } = standing;
  const isGone = state === "pending" && (await isMissing(parts, addition.lane, id, deadlineMs));
  if (!isGone && !overdue) return;
  try {
    const added = await parts.add(inPlaceOf(addition, id), deadlineMs);
    if (added.is === "refused" && isGone) throw added.error;
  } catch (error) {
    if (isGone) throw error;
  }
}

/** As the job that stands was added: only the id differs. It occurs first in the envelope, before anything of the user's. */
export function inPlaceOf(addition: Addition, id: JobId): Addition {
  const envelope = addition.envelope.replace(`"id":${JSON.stringify(addition.id)}`, `"id":${JSON.stringify(id)}`);
  return { ...addition, id, envelope };
}

/** Whether neither the queue nor an outbox has it. What cannot be found out counts as there. */
async function isMissing(
  { guard, queue, runtime }: AdmitParts,
  lane: string,
  id: JobId,
  deadlineMs: number,
): Promise<boolean> {
  if (!queue.features.lookup) return false;
  const { transactions } = guard.store;
  const isThere = async (): Promise<boolean> => {
    // In this order: it leaves the outbox once the queue has it.
    if (await transactions?.isPosted(id)) return true;
    return await queue.has(lane, id);
  };
  return !(await within(runtime.clock, deadlineMs, "the queue (has)", isThere).catch(() => true));
}
