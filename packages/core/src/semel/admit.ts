import { QueueUnavailableError } from "../errors/unavailable.ts";
import type { Guard } from "../idempotency/guard.ts";
import type { Reserved } from "../idempotency/operations.ts";
import type { JobId } from "../job/identity.ts";
import type { Added, Addition, Queue } from "../queue/queue.ts";
import { wait } from "../runtime/clock.ts";
import { within } from "../runtime/deadline.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Prepared } from "./prepare.ts";

export interface AdmitParts {
  readonly guard: Guard;
  readonly queue: Queue;
  /** Adds, together with what others are adding. */
  readonly add: (addition: Addition) => Promise<Added>;
  readonly runtime: Runtime;
}

/** How an enqueue came out. A conflict is an error for the caller, who knows the payload. */
export type Admission = { readonly is: "created"; readonly id: JobId } | Exclude<Reserved, { is: "created" }>;
export type Admitted = Exclude<Admission, { is: "conflict" }>;

/**
 * Reserves, then adds: the record exists before its delivery can.
 *
 *   reserve ─▶ created ──▶ add ─▶ added | kept ──────────▶ created
 *      │                    ├──▶ refused ─▶ unreserve ───▶ QUEUE_UNAVAILABLE, refused
 *      │                    └──▶ no reply ─▶ add again … ▶ QUEUE_UNAVAILABLE, unknown; the same id may be sent again
 *      ├────▶ duplicate, overdue ─▶ add the standing id with this equal payload: heals a delivery that was lost
 *      └────▶ duplicate | replayed | conflict
 *
 * All of it within `deadlineMs`.
 * @throws `QUEUE_UNAVAILABLE`.
 */
export async function admit(parts: AdmitParts, prepared: Prepared, deadlineMs: number): Promise<Admission> {
  const { guard, runtime } = parts;
  const { addition, reserve } = prepared;
  const until = runtime.clock.monotonic() + deadlineMs;
  const left = (): number => Math.max(1, until - runtime.clock.monotonic());
  const unknown = (cause: unknown): QueueUnavailableError =>
    new QueueUnavailableError("unknown", addition.id.slice(33), { cause });

  if (reserve) {
    const reserved = await guard.ask(reserve, left()).catch((error: unknown) => {
      throw unknown(error);
    });
    runtime.failpoint?.("enqueue:after-reserve");
    if (reserved.is === "duplicate" && reserved.overdue) await heal(parts, prepared, reserved.id, left());
    if (reserved.is === "conflict" && reserved.overdue && (await vanished(parts, addition.lane, reserved.id, left()))) {
      const gone = await guard.ask({ op: "unreserve", key: reserve.key, id: reserved.id }, left());
      if (gone.is === "gone") return admit(parts, prepared, left());
    }
    if (reserved.is !== "created") return reserved;
  }

  const added = await addPatiently(parts, addition, until).catch((error: unknown) => {
    throw unknown(error);
  });
  if (added.is === "refused") {
    // If even this fails, the reservation is overdue in a minute and heals.
    if (reserve) await guard.ask({ op: "unreserve", key: reserve.key, id: addition.id }, left()).catch(() => {});
    throw new QueueUnavailableError("refused", addition.id.slice(33), { cause: added.error });
  }
  runtime.failpoint?.("enqueue:after-add");
  return { is: "created", id: addition.id };
}

/** Adding is safe to repeat under the same id, so a lost reply costs a repeat and nothing else. */
async function addPatiently({ add, runtime }: AdmitParts, addition: Addition, until: number): Promise<Added> {
  const { clock, random } = runtime;
  for (let tries = 0; ; tries++) {
    const left = until - clock.monotonic();
    try {
      return await within(clock, Math.max(1, left), "the queue (add)", () => add(addition));
    } catch (error) {
      const pause = Math.min(1_000, 50 * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2);
      if (clock.monotonic() + pause >= until) throw error;
      await wait(clock, pause);
    }
  }
}

/** The standing job's delivery is overdue: it is added again, with the caller's equal payload. Best effort. */
async function heal(
  { add, runtime }: AdmitParts,
  prepared: Prepared,
  standing: JobId,
  deadlineMs: number,
): Promise<void> {
  const { addition } = prepared;
  // Only the id differs; it occurs first in the envelope, before anything of the user's.
  const envelope = addition.envelope.replace(`"id":${JSON.stringify(addition.id)}`, `"id":${JSON.stringify(standing)}`);
  await within(runtime.clock, deadlineMs, "the queue (heal)", () =>
    add({ ...addition, id: standing, envelope, delayMs: 0 }),
  ).catch(() => {});
}

async function vanished({ queue, runtime }: AdmitParts, lane: string, id: JobId, deadlineMs: number): Promise<boolean> {
  if (!queue.features.lookup) return false;
  const there = await within(runtime.clock, deadlineMs, "the queue (has)", () => queue.has(lane, id)).catch(() => true);
  return !there;
}
