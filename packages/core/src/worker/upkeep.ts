import type { Clock, Timer } from "../runtime/clock.ts";
import { within } from "../runtime/deadline.ts";

/** No piece of upkeep is waited for longer: one that is never answered must not end those after it. */
const upkeepDeadlineMs = 5_000;

/** What a worker does beside its jobs. A failure is reported, and never ends anything. */
export class Upkeep {
  readonly #clock: Clock;
  readonly #onProblem: (during: string, error: unknown) => void;
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(clock: Clock, onProblem: (during: string, error: unknown) => void) {
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  /** Again and again, `ms` after the last time has ended. Not in the background: a worker keeps its process alive. */
  every(ms: number, what: string, work: () => Promise<unknown>): void {
    if (this.#isStopped) return;
    const timer = this.#clock.timer(ms, () => {
      this.#timers.delete(timer);
      void this.once(what, work).then(() => this.every(ms, what, work));
    });
    this.#timers.add(timer);
  }

  async once(what: string, work: () => Promise<unknown>, deadlineMs: number = upkeepDeadlineMs): Promise<void> {
    try {
      await within(this.#clock, deadlineMs, what, work);
    } catch (error) {
      this.#onProblem(what, error);
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
