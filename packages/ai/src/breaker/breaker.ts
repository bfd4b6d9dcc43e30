import type { Clock, EpochMs, Timer } from "@semel/core";
import type { BreakerRules } from "./options.ts";
import { type CallEnd, CallWindow, type WindowCounts } from "./window.ts";

/**
 * `closed`: calls pass. `open`: none does until `until`. `half-open`: a few trials are under way, and nothing else passes.
 * `isolated`: an operator holds it open.
 */
export type BreakerStatus = "closed" | "open" | "half-open" | "isolated";

export interface BreakerState {
  readonly status: BreakerStatus;
  readonly since: EpochMs;
  /** When trials may begin; `undefined` unless open. */
  readonly until: EpochMs | undefined;
  /** Of the window that is running. */
  readonly counts: WindowCounts;
}

/** What a call is given that may pass. `end` counts once; later ends are ignored, as the end of a late trial is. */
export interface Permit {
  readonly isTrial: boolean;
  end(how: CallEnd): void;
}

/** What is answered to a call that may not. */
export interface Denial {
  readonly retryAfterMs: number;
}

export interface BreakerParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onChange?: ((from: BreakerStatus, state: BreakerState) => void) | undefined;
}

/** How soon a call comes again that met trials under way: whether they succeed is not known yet. */
const beyondTrialsMs = 5_000;

/**
 * Sends no calls to a model for a while after too many have failed. It decides at once: nobody waits in it.
 *
 * Closed → open by the counts of the window. Open → half-open by the first call after its time. From there, one failed or overdue
 * trial opens it again, for twice as long; as many successes as there are trials close it. Trials that tell nothing (aborted)
 * give their place back, and when none is left it is open again with its time over: the next call is a trial.
 */
export class Breaker {
  readonly #rules: BreakerRules;
  readonly #parts: BreakerParts;
  readonly #window: CallWindow;
  #status: BreakerStatus = "closed";
  #since: EpochMs;
  /** Monotonic. */
  #untilMs = 0;
  /** Times in a row it has opened. */
  #spells = 0;
  #succeeded = 0;
  readonly #trials = new Set<Timer>();

  constructor(rules: BreakerRules, parts: BreakerParts) {
    this.#rules = rules;
    this.#parts = parts;
    this.#window = new CallWindow(rules.windowMs);
    this.#since = parts.clock.now();
  }

  get state(): BreakerState {
    const { clock } = this.#parts;
    const leftMs = Math.max(0, this.#untilMs - clock.monotonic());
    return {
      status: this.#status,
      since: this.#since,
      until: this.#status === "open" ? Math.round(clock.now() + leftMs) : undefined,
      counts: this.#window.counts(clock.monotonic()),
    };
  }

  /** Asks for one call. */
  ask(): Permit | Denial {
    if (this.#status === "isolated") return { retryAfterMs: this.#rules.longestOpenMs };
    if (this.#status === "closed") return this.#plainPermit();
    const leftMs = this.#untilMs - this.#parts.clock.monotonic();
    if (this.#status === "open") {
      if (leftMs > 0) return { retryAfterMs: Math.ceil(leftMs) };
      this.#succeeded = 0;
      this.#become("half-open");
    }
    if (this.#succeeded + this.#trials.size >= this.#rules.trials) return { retryAfterMs: beyondTrialsMs };
    return this.#trial();
  }

  /** An operator opens it, until `restore`. */
  isolate(): void {
    this.#endTrials();
    this.#become("isolated");
  }

  /** Closes it, whatever it was, and forgets what was counted. */
  restore(): void {
    this.#close();
  }

  /** Opens at once, whatever the counts: the failure of one call says that all will fail. */
  trip(): void {
    if (this.#status !== "isolated" && this.#status !== "open") this.#open();
  }

  #plainPermit(): Permit {
    const { clock } = this.#parts;
    const beganMs = clock.monotonic();
    let over = false;
    return {
      isTrial: false,
      end: (how) => {
        if (over) return;
        over = true;
        const nowMs = clock.monotonic();
        this.#window.add(this.#graded(how, nowMs - beganMs), nowMs);
        // A call from before it opened tells nothing new.
        if (this.#status === "closed" && this.#isTooBad(nowMs)) this.#open();
      },
    };
  }

  #trial(): Permit {
    const { clock } = this.#parts;
    const beganMs = clock.monotonic();
    const end = (how: CallEnd): void => {
      timer.cancel();
      // Not there any more: its deadline is over, or another trial has decided for all.
      if (!this.#trials.delete(timer)) return;
      const graded = this.#graded(how, clock.monotonic() - beganMs);
      if (graded === "failure" || graded === "slow") this.#open();
      else if (graded === "success" && ++this.#succeeded >= this.#rules.trials) this.#close();
      else if (graded === "ignored" && this.#trials.size === 0) this.#become("open");
    };
    const timer = clock.timer(this.#rules.trialDeadlineMs, () => end("failure"), "background");
    this.#trials.add(timer);
    return { isTrial: true, end };
  }

  #graded(how: CallEnd, tookMs: number): CallEnd {
    return how === "success" && tookMs > this.#rules.slowAfterMs ? "slow" : how;
  }

  #isTooBad(nowMs: number): boolean {
    const { calls, failures, slow } = this.#window.counts(nowMs);
    if (calls < this.#rules.leastCalls) return false;
    return failures >= this.#rules.failures * calls || failures + slow >= this.#rules.slow * calls;
  }

  #open(): void {
    const { openMs, longestOpenMs } = this.#rules;
    const spellMs = Math.min(longestOpenMs, openMs * 2 ** Math.min(30, this.#spells));
    this.#spells++;
    this.#untilMs = this.#parts.clock.monotonic() + spellMs * (0.8 + 0.4 * this.#parts.random());
    this.#endTrials();
    this.#become("open");
  }

  #close(): void {
    this.#endTrials();
    this.#spells = 0;
    this.#window.clear();
    this.#become("closed");
  }

  #endTrials(): void {
    for (const timer of this.#trials) timer.cancel();
    this.#trials.clear();
  }

  #become(status: BreakerStatus): void {
    const from = this.#status;
    this.#status = status;
    if (from === status) return;
    this.#since = this.#parts.clock.now();
    this.#parts.onChange?.(from, this.state);
  }
}
