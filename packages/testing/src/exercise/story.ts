import type { EventName, SemelEvent } from "@semel/core";

/** The events that belong into the story of a run, in words. */
const told: { readonly [N in EventName]?: (event: Extract<SemelEvent, { name: N }>) => string } = {
  "attempt.started": (e) => `attempt ${e.attempt} begins${e.recovered ? ", taken over from a dead worker" : ""}`,
  "attempt.completed": () => "completed",
  "attempt.failed": (e) => `failed: ${e.error.message}`,
  "attempt.deferred": (e) => `deferred: ${e.reason}`,
  "attempt.dead": (e) => `dead: ${e.reason}: ${e.error.message}`,
  "attempt.cancelled": (e) => `cancelled: ${e.by}`,
  "attempt.released": () => "released",
  "attempt.aborted": (e) => `is told to stop: ${e.reason}`,
  "attempt.lost": (e) => `has lost the job to another (${e.now})`,
  "step.started": (e) => `step ${e.step} runs${e.repeated ? " again" : ""}`,
  "step.completed": (e) => `step ${e.step} is on record`,
  "step.replayed": (e) => `step ${e.step} comes from the record`,
  "step.failed": (e) => `step ${e.step} failed: ${e.error.message}`,
};

/** What happened in one run, one line each: `+31.5 s  worker A: attempt 1 begins`. */
export class Story {
  readonly lines: string[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  tell(who: string, what: string): void {
    this.lines.push(`+${(this.#now() / 1_000).toFixed(1)} s  ${who}: ${what}`);
  }

  hear(who: string, event: SemelEvent): void {
    const words = told[event.name] as ((event: SemelEvent) => string) | undefined;
    if (words) this.tell(who, words(event));
  }
}
