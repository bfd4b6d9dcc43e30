import type { Clock, Timer } from "@semel/core/adapter";

/** How long a worker may get nothing before somebody looks, and how soon a suspicion is looked at again. */
const lookMs = 2_000;
const againMs = 1_000;
/** Where a replacement gets nothing either, the reason is another one: then it is looked less and less often. */
const longestLookMs = 60_000;

/** A timer later than this says that this process was busy: the worker had no chance to fetch anything either. */
const lateMs = 500;

export interface WatchPlan {
  readonly clock: Clock;
  /** How many deliveries came so far. */
  readonly arrived: () => number;
  /** Whether the worker could take another delivery. */
  readonly hasRoom: () => boolean;
  /** Whether the broker would give a job to a worker that asked. A rejection counts as no. */
  readonly isOwed: () => Promise<boolean>;
  /**
   * Called when the worker got nothing for about 3 s and was owed something at two looks in a row; again, if that was in
   * vain, after 5 s, 9 s … up to a minute.
   */
  readonly stuck: () => void;
}

/**
 * Watches a worker that looks as if it were waiting for a job. A connection can be open and deaf, and a job's arrival be
 * missed: then the worker would wait for ever beside a backlog. While deliveries come it asks nobody anything.
 */
export class LaneWatch {
  readonly #plan: WatchPlan;
  #timer: Timer | undefined;
  #seen = 0;
  #isSuspicious = false;
  /** How often it was stuck since the last delivery. */
  #inVain = 0;
  #isOver = false;

  constructor(plan: WatchPlan) {
    this.#plan = plan;
    this.#wait();
  }

  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#isOver) return;
    const { clock } = this.#plan;
    const ms = this.#isSuspicious ? againMs : Math.min(longestLookMs, lookMs * 2 ** this.#inVain);
    const due = clock.monotonic() + ms;
    this.#timer = clock.timer(ms, () => void this.#look(clock.monotonic() - due), "background");
  }

  async #look(late: number): Promise<void> {
    const wasSuspicious = this.#isSuspicious;
    this.#isSuspicious = late < lateMs && (await this.#isStarving());
    if (this.#isSuspicious && wasSuspicious && !this.#isOver) {
      this.#isSuspicious = false;
      this.#inVain += 1;
      this.#plan.stuck();
    }
    this.#wait();
  }

  async #isStarving(): Promise<boolean> {
    const { arrived, hasRoom, isOwed } = this.#plan;
    const isQuiet = arrived() === this.#seen;
    this.#seen = arrived();
    if (!isQuiet) this.#inVain = 0;
    if (!isQuiet || !hasRoom()) return false;
    const owed = await isOwed().catch(() => false);
    return owed && hasRoom() && arrived() === this.#seen;
  }
}
