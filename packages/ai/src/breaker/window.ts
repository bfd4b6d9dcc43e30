/** How a call ended, as far as its breaker cares. `ignored` says nothing about the health of the model. */
export type CallEnd = "success" | "slow" | "failure" | "ignored";

/** Calls of the window: all that count, and those of them that failed or were slow. */
export interface WindowCounts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

const slices = 12;

/** Counts how calls ended in the last `windowMs`, forgetting a twelfth of it at a time. */
export class CallWindow {
  readonly #sliceMs: number;
  #slices: { at: number; calls: number; failures: number; slow: number }[] = [];

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / slices;
  }

  add(end: CallEnd, nowMs: number): void {
    if (end === "ignored") return;
    const at = Math.floor(nowMs / this.#sliceMs);
    let last = this.#slices.at(-1);
    if (last?.at !== at) {
      this.#forget(at);
      last = { at, calls: 0, failures: 0, slow: 0 };
      this.#slices.push(last);
    }
    last.calls++;
    if (end === "failure") last.failures++;
    if (end === "slow") last.slow++;
  }

  counts(nowMs: number): WindowCounts {
    this.#forget(Math.floor(nowMs / this.#sliceMs));
    const sum = { calls: 0, failures: 0, slow: 0 };
    for (const { calls, failures, slow } of this.#slices) {
      sum.calls += calls;
      sum.failures += failures;
      sum.slow += slow;
    }
    return sum;
  }

  clear(): void {
    this.#slices = [];
  }

  #forget(at: number): void {
    this.#slices = this.#slices.filter((slice) => slice.at > at - slices);
  }
}
