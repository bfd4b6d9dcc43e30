import { OptionInvalidError } from "../errors/option-invalid.ts";
import type { Jsonify } from "../job/json.ts";
import { attemptOver } from "./step-errors.ts";
import type { StepKeeper } from "./step-keeper.ts";
import { fromRecord, toRecord } from "./step-value.ts";

/** Names of steps are the user's, or JSON lists of two: three parts are nobody's. */
const stepOf = (name: string): string => JSON.stringify(["note", name, 0]);

/**
 * What a job decided, kept for its later attempts: a step without an effect, of which can be asked whether it is there.
 * Written once: whoever comes second is told what the first wrote.
 */
export class Notes {
  readonly #steps: StepKeeper;
  readonly #maxBytes: number;
  readonly #isOver: () => boolean;
  /** What is known here; the store is asked once for each name. */
  readonly #known = new Map<string, { readonly value: unknown } | undefined>();

  constructor(steps: StepKeeper, maxBytes: number, isOver: () => boolean) {
    this.#steps = steps;
    this.#maxBytes = maxBytes;
    this.#isOver = isOver;
  }

  async recall<T>(name: string): Promise<Jsonify<T> | undefined> {
    if (typeof name !== "string" || name.length === 0 || name.length > 200)
      throw new OptionInvalidError("recall(name)", "a text of 1 to 200 characters", name);
    if (this.#isOver()) throw attemptOver(name);
    if (!this.#known.has(name)) {
      const begun = await this.#steps.begin(stepOf(name), undefined);
      const found = begun.is === "memo" ? { value: fromRecord(name, begun.value, undefined) } : undefined;
      // Of two that asked at once, the other may have remembered something by now.
      if (!this.#known.get(name)) this.#known.set(name, found);
    }
    return this.#known.get(name)?.value as Jsonify<T> | undefined;
  }

  async remember<T>(name: string, value: T): Promise<Jsonify<T>> {
    const earlier = await this.recall<T>(name);
    if (earlier !== undefined) return earlier;
    const stored = toRecord(value, this.#maxBytes);
    const kept = fromRecord<Jsonify<T>>(name, stored, undefined);
    this.#known.set(name, { value: kept });
    await this.#steps.record(stepOf(name), stored);
    return kept;
  }
}
