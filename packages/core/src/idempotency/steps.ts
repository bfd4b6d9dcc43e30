import { OptionInvalidError } from "../errors/option-invalid.ts";
import type { Jsonify } from "../job/json.ts";
import type { Effect } from "../processor/context.ts";
import { checkOnceOptions, type OnceOptions } from "../processor/once-options.ts";
import { LinkedList } from "../runtime/linked-list.ts";
import { runStep, type StepParts } from "./step.ts";
import { attemptOver, leaseLost, nameRepeated } from "./step-errors.ts";

/**
 * The memoised steps of one attempt: `context.once`. Which there are, and which of them still run; what becomes of one is
 * in `step.ts`.
 */
export class Steps {
  readonly #parts: StepParts;
  readonly #begun = new Set<string>();
  readonly #done: string[] = [];
  readonly #open = new LinkedList<{ readonly name: string; readonly step: Promise<unknown> }>();
  #isOver = false;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /** Names of the steps that are on record, as far as this attempt has seen. */
  get done(): readonly string[] {
    return this.#done;
  }

  /** The attempt has ended: whatever of it still runs may begin nothing more. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something else of the attempt that has to be awaited like a step. */
  track<T>(name: string, step: Promise<T>): Promise<T> {
    const place = this.#open.push({ name, step });
    const close = (): void => place.leave();
    // Whoever awaits it hears of its failure; whoever does not must not bring the process down.
    step.then(close, close);
    return step;
  }

  /** Whether all steps have succeeded or failed. */
  get areEnded(): boolean {
    return this.#open.size === 0;
  }

  /** Names of the steps that have neither succeeded nor failed yet. */
  get open(): readonly string[] {
    return Array.from(this.#open, ({ name }) => name);
  }

  /** Resolves when every step that was begun has ended: an effect under way is waited for, so that it gets on record. */
  async ended(): Promise<void> {
    await Promise.allSettled(Array.from(this.#open, ({ step }) => step));
  }

  once<T>(name: string, run: (effect: Effect) => Promise<T> | T, options: OnceOptions<T> = {}): Promise<Jsonify<T>> {
    return this.track(name, this.#run(name, run, options));
  }

  async #run<T>(name: string, run: (effect: Effect) => Promise<T> | T, options: OnceOptions<T>): Promise<Jsonify<T>> {
    const step = this.#register(name, options);
    const refuseWhenOver = (): void => this.#refuseWhenOver(name);
    refuseWhenOver();
    const onDone = (): void => void this.#done.push(step);
    return await runStep(this.#parts, { name, step, run, options, refuseWhenOver, onDone });
  }

  #register(name: string, options: OnceOptions): string {
    if (typeof name !== "string" || name.length === 0 || name.length > 200)
      throw new OptionInvalidError("once(name)", "a text of 1 to 200 characters", name);
    checkOnceOptions(options, this.#parts.guard.store.features.maxValueBytes);
    const { key } = options;
    // JSON keeps ("a", "b#c") and ("a#b", "c") apart.
    const step = key === undefined ? name : JSON.stringify([name, key]);
    if (this.#begun.has(step)) throw nameRepeated(name, step);
    this.#begun.add(step);
    return step;
  }

  #refuseWhenOver(name: string): void {
    const { lease } = this.#parts;
    if (this.#isOver) throw attemptOver(name);
    if (lease.isLost || lease.abortReason === "lease-lost") throw leaseLost(name, "begun");
    // A cancelled or timed out attempt begins nothing new either; its signal says why.
    if (lease.aborted) throw lease.aborted;
  }
}
