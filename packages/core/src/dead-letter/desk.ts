import type { SemelError } from "../errors/semel-error.ts";
import type { JobStore } from "../idempotency/job-store.ts";
import type { JobId } from "../job/identity.ts";
import type { Queue } from "../queue/queue.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LetterBox, LetterFilter, StoredLetter } from "./letter-box.ts";
import type { RedriveFinding } from "./redrive-options.ts";

/** What looking after letters needs of the Semel around it. */
export interface Desk {
  readonly box: LetterBox;
  readonly store: Pick<JobStore, "read" | "workers">;
  readonly queue: Pick<Queue, "counts">;
  readonly clock: Clock;
  /** Whose letters: one tenant's, or everybody's. */
  readonly tenant: string | undefined;
  /** A question within the deadline, its failure typed. */
  asked<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Brings a letter's job back; the letter goes. `already`: somebody had done so before. */
  redrive(letter: StoredLetter, how: RedriveHow): Promise<BroughtBack>;
  /** The application's own function has thrown. */
  failed(during: string, error: unknown): void;
}

export interface RedriveHow {
  readonly steps: "keep" | "fresh";
  /** What somebody found out about the step that is uncertain. */
  readonly finding?: RedriveFinding | undefined;
}

export interface BroughtBack {
  readonly is: "redriven" | "already";
  readonly id: JobId;
}

/** Letters of one call to the box. */
export const pageSize = 100;

/**
 * The letters that match, newest first, page by page.
 * @param first begin with this one, if it is still there, and go on with those that died before it.
 */
export async function* pages(
  { box, asked }: Desk,
  filter: LetterFilter,
  { limit = Number.POSITIVE_INFINITY, first }: { limit?: number; first?: StoredLetter } = {},
): AsyncGenerator<readonly StoredLetter[]> {
  let left = limit;
  let after = first;
  if (first && (await asked("deadLetters.get", () => box.get(first.id)))) yield [first];
  while (left > 0) {
    const asks = Math.min(pageSize, left);
    const page = await asked("deadLetters.list", () => box.list(filter, { limit: asks, after }));
    if (page.length > 0) yield page;
    if (page.length < asks) return;
    left -= page.length;
    after = page.at(-1);
  }
}

/** Whether doing the same again later can help: queue or store were away. */
export const isOutage = (error: SemelError): boolean =>
  error.code === "QUEUE_UNAVAILABLE" || error.code === "STORE_UNAVAILABLE";
