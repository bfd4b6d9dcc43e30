import { type EpochMs, wait } from "../runtime/clock.ts";
import { NoAnswer, within } from "../runtime/deadline.ts";
import { Gatherer } from "../runtime/gatherer.ts";
import { type Outage, OutageWatch } from "../runtime/outage.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { JobStore } from "./job-store.ts";
import type { Answer, AnswerTo, Operation } from "./operations.ts";
import type { WorkerBeat } from "./worker-beat.ts";

/** No single question to the store is waited for longer. */
export const storeDeadlineMs = 5_000;

/** What running jobs live by: it does not wait in line behind new work. */
const urgent: ReadonlySet<Operation["op"]> = new Set(["renew", "settle", "step-begin", "step-end"]);

/** How core talks to the store: gathered into batches, each question with a deadline, and patient where an answer is needed. */
export class Guard {
  readonly store: JobStore;
  readonly #runtime: Runtime;
  readonly #ofRunning: Gatherer<Operation, Answer>;
  readonly #ofOthers: Gatherer<Operation, Answer>;
  readonly #onProblem: (during: string, error: unknown) => void;
  readonly #outage: OutageWatch;

  /** @param onBack calls had failed, and one was answered. */
  constructor(
    store: JobStore,
    runtime: Runtime,
    onProblem: (during: string, error: unknown) => void,
    onBack: (outage: Outage) => void,
  ) {
    this.store = store;
    this.#runtime = runtime;
    this.#outage = new OutageWatch(runtime.clock, onBack);
    // Each call has an end of its own: a call that is never answered must not keep its place among the few for ever.
    const apply = (operations: readonly Operation[]): Promise<readonly Answer[]> =>
      this.#outage.noting(() => within(runtime.clock, storeDeadlineMs, "the job store", () => store.apply(operations)));
    const mayResend = (error: unknown): boolean => !(error instanceof NoAnswer);
    this.#ofRunning = new Gatherer(apply, { mayResend });
    this.#ofOthers = new Gatherer(apply, { mayResend });
    this.#onProblem = onProblem;
  }

  /** A worker says that it is alive. Answers the store's time; rejects as the store does. */
  beat(worker: WorkerBeat, keepMs: number): Promise<EpochMs> {
    return this.#outage.noting(() => this.store.beat(worker, keepMs));
  }

  /** Asks once. Rejects when the store fails or is silent; what became of the operation is unknown then. */
  ask<O extends Operation>(operation: O, deadlineMs: number = storeDeadlineMs): Promise<AnswerTo<O>> {
    const { op } = operation;
    const patience = { clock: this.#runtime.clock, ms: deadlineMs, what: `the job store (${op})` };
    // The gatherer keeps the order, and the store answers each operation in kind.
    return (urgent.has(op) ? this.#ofRunning : this.#ofOthers).send(operation, patience) as Promise<AnswerTo<O>>;
  }

  /**
   * Asks until there is an answer, for at most `patienceMs`. Every operation may be sent twice, so asking again is
   * always safe; giving up is what has a price.
   * @param giveUp ends the patience early.
   */
  async insist<O extends Operation>(operation: O, patienceMs: number, giveUp?: AbortSignal): Promise<AnswerTo<O>> {
    const { clock, random } = this.#runtime;
    const until = clock.monotonic() + patienceMs;
    for (let tries = 0; ; tries++) {
      try {
        return await this.ask(operation);
      } catch (error) {
        this.#onProblem(operation.op, error);
        // Soon again, however long the store was away: what it answers lets a slot go on.
        const pause = Math.min(1_000, 100 * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2);
        if (giveUp?.aborted || clock.monotonic() + pause >= until) throw error;
        await wait(clock, pause, giveUp).catch(() => {
          throw error;
        });
      }
    }
  }
}
