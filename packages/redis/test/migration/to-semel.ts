import { digest, type Semel, SemelError } from "@semel/core";
import { type ConnectionOptions, DelayedError, type Job, type Queue, UnrecoverableError, Worker } from "bullmq-5";
import { embedDocument } from "./definition.ts";

/** However often it is tried, the job is enqueued once: its id follows from the one it had, and from when it was added. */
async function move(semel: Semel, old: Job, at?: Date): Promise<void> {
  const priority = old.priority === 0 ? "normal" : old.priority <= 10 ? "interactive" : "bulk";
  await semel.enqueue(embedDocument, old.data, {
    id: digest(`${old.queueName} ${old.id} ${old.timestamp}`),
    priority,
    at,
  });
}

/** Whether it would be the same the next time; an outage would not. */
const isFinal = (error: unknown): boolean => !SemelError.isInstance(error) || !error.isRetryable;

/** Moves what waits in the old queue, and what still comes, until it is closed. */
export function moveWaiting(semel: Semel, queue: string, connection: ConnectionOptions): Worker {
  const take = async (old: Job, token?: string): Promise<void> => {
    try {
      await move(semel, old);
    } catch (error) {
      // What can never be enqueued goes to BullMQ's failed jobs, with the reason.
      if (isFinal(error)) throw new UnrecoverableError(String(error));
      // An outage is no attempt.
      await old.moveToDelayed(Date.now() + 5_000, token);
      throw new DelayedError();
    }
  };
  // What a bridge held that was killed comes back within seconds, however often that happens.
  const patience = { lockDuration: 5_000, stalledInterval: 5_000, maxStalledCount: 1_000 };
  return new Worker(queue, take, { connection, concurrency: 50, ...patience });
}

/**
 * Moves what is delayed, with the rest of its delay. What can never be enqueued stays and fails when it is due; the
 * next runs of job schedulers stay, too.
 */
export async function moveDelayed(semel: Semel, queue: Queue): Promise<void> {
  let kept = 0;
  for (;;) {
    const some = await queue.getDelayed(kept, kept + 99);
    if (some.length === 0) return;
    for (const old of some) {
      const isMoved = !old.repeatJobKey && (await moveLater(semel, old));
      // One that was due meanwhile is in the worker's hands and cannot be removed.
      if (isMoved) await old.remove().catch(() => undefined);
      else kept += 1;
    }
  }
}

async function moveLater(semel: Semel, old: Job): Promise<boolean> {
  try {
    await move(semel, old, new Date(old.timestamp + old.delay));
    return true;
  } catch (error) {
    if (isFinal(error)) return false;
    throw error;
  }
}
