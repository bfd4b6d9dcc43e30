import type { Envelope } from "../job/envelope.ts";
import { keyOf } from "../job/identity.ts";
import type { Ending } from "../worker/ending.ts";
import type { WorkerParts } from "../worker/parts.ts";

/**
 * A child whose parent wants it only for itself, and has died or been cancelled, is not begun. It is the child that looks:
 * nobody runs when a parent is cancelled while it waits. A store that does not answer, or does not know the parent any more,
 * stops nothing.
 */
export async function orphaned(parts: WorkerParts, envelope: Envelope | undefined): Promise<Ending | undefined> {
  const { causation } = envelope ?? {};
  const key = causation?.isBound ? keyOf(causation.id) : undefined;
  if (key === undefined) return undefined;
  const read = parts.asked("the parent", () => parts.guard.store.read([key]));
  const [parent] = await read.catch(() => []);
  const isGone = parent?.state === "dead" || parent?.state === "cancelled";
  return isGone ? { is: "cancelled", by: `its parent ${parent.id} is ${parent.state}` } : undefined;
}
