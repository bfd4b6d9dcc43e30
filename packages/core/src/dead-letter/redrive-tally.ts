import type { SemelError } from "../errors/semel-error.ts";
import type { RedriveProgress, RedriveReport } from "./redrive-plan.ts";

type Last = RedriveProgress["last"];
type Refusal = RedriveReport["refused"][number];

/** Counts what a run does. */
export class RedriveTally {
  readonly #total: number;
  readonly #counts: Record<Last["is"], number> = {
    redriven: 0,
    already: 0,
    replayed: 0,
    superseded: 0,
    gone: 0,
    refused: 0,
  };
  readonly #refused = new Map<string, Refusal>();
  #looked = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** @param error why it was refused */
  add(id: string, is: Last["is"], { as, error }: { as?: string; error?: SemelError } = {}): RedriveProgress {
    this.#looked++;
    this.#counts[is]++;
    if (is === "refused" && error) {
      const { code, message } = error;
      const found = this.#refused.get(code) ?? { code, message, count: 0, sample: id };
      this.#refused.set(code, { ...found, count: found.count + 1 });
    }
    return { ...this.#soFar(), last: { id, is, as, code: error?.code } };
  }

  report(ended: RedriveReport["ended"], error: SemelError | undefined): RedriveReport {
    return { ...this.#soFar(), ended, error };
  }

  #soFar(): Omit<RedriveReport, "ended" | "error"> {
    const { refused: _counted, ...counts } = this.#counts;
    const refused = [...this.#refused.values()].sort((a, b) => b.count - a.count);
    return { total: this.#total, looked: this.#looked, ...counts, refused };
  }
}
