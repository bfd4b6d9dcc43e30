import type { Hook, SemelEvent } from "@semel/core";

/** What Semel says about itself while it runs, counted. */
export class Tally implements Hook {
  attempts = 0;
  retries = 0;
  /** Attempts that found their paid step on record. */
  stepsReplayed = 0;
  /** Steps that ran to their end, as Semel counts them. */
  stepsDone = 0;
  recovered = 0;
  /** Ids of jobs that failed at least once and completed. */
  readonly succeededLater = new Set<string>();
  /** Ids of all that ended while we looked. */
  readonly ended = new Set<string>();
  /** When the last of them did, or anything else happened. */
  lastAt = performance.now();
  readonly #failed = new Set<string>();
  readonly #tell: (event: SemelEvent) => void;

  /** @param tell is called with every event, after it was counted */
  constructor(tell: (event: SemelEvent) => void) {
    this.#tell = tell;
  }

  onEvent(event: SemelEvent): void {
    this.lastAt = performance.now();
    switch (event.name) {
      case "attempt.started":
        this.attempts++;
        if (event.recovered) this.recovered++;
        break;
      case "attempt.failed":
        this.retries++;
        this.#failed.add(event.id);
        break;
      case "attempt.completed":
        this.ended.add(event.id);
        if (this.#failed.has(event.id)) this.succeededLater.add(event.id);
        break;
      case "attempt.dead":
      case "attempt.cancelled":
      case "delivery.dropped":
        this.ended.add(event.id);
        break;
      case "step.completed":
        this.stepsDone++;
        break;
      case "step.replayed":
        this.stepsReplayed++;
        break;
    }
    this.#tell(event);
  }
}
