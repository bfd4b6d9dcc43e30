import type { LetterBox } from "../dead-letter/letter-box.ts";
import type { JobStore } from "../idempotency/job-store.ts";
import type { Queue } from "../queue/queue.ts";
import type { Signals } from "../queue/signals.ts";

/**
 * What `createSemel` stands on: a queue that moves deliveries and a store that knows outcomes. `memory()`,
 * `embedded(dir)` and the other presets answer one; it connects to nothing before it is used.
 */
export interface Backend {
  readonly queue: Queue;
  readonly store: JobStore;
  readonly deadLetters: LetterBox;
  /** Wake-ups between processes. Default: inside this process only. */
  readonly signals?: Signals | undefined;
  /** How long its first start may take, in milliseconds, where that is longer than a call. */
  readonly startDeadlineMs?: number | undefined;
}
