import { OptionInvalidError } from "@semel/core";
import type { Backend, JobStore, LetterBox, Queue, Signals } from "@semel/core/adapter";
import { FaultDiary, type HappenedFault } from "./fault-plan.ts";
import { type FaultyQueue, faultyQueue } from "./faulty-queue.ts";
import { type FaultySignals, faultySignals } from "./faulty-signals.ts";
import { type FaultyStore, faultyStore } from "./faulty-store.ts";
import type { FaultyOptions } from "./options.ts";

/** A backend each part of which can be made to fail. Hand it to `createSemel`, whole or spread. */
export interface FaultyBackend extends Backend {
  readonly queue: FaultyQueue;
  readonly store: FaultyStore;
  readonly deadLetters: FaultyStore<LetterBox>;
  readonly signals?: FaultySignals | undefined;
  /** All of it falls silent: the network is gone. */
  silence(): void;
  /** All of it answers again, and every fault that was asked for is forgotten. */
  resume(): void;
  /** All of it restarts: what is on its way fails, and the next call works. */
  restart(): void;
  /** Every fault so far, of all its parts, in their order. */
  readonly happened: readonly HappenedFault[];
  readonly seed: number;
}

/**
 * Puts faults in front of a queue, a store, signals, or a whole backend. Without a fault asked for, it behaves as what is
 * behind it.
 *
 * @example
 * const backend = faulty(memory());
 * const semel = createSemel(backend);
 * backend.store.failNext("settle", { when: "after" }); // it is settled, and the worker never hears of it
 * backend.queue.duplicateNext();
 */
export function faulty(backend: Backend, options?: FaultyOptions): FaultyBackend;
export function faulty(queue: Queue, options?: FaultyOptions): FaultyQueue;
export function faulty<S extends JobStore>(store: S, options?: FaultyOptions): FaultyStore<S>;
export function faulty(signals: Signals, options?: FaultyOptions): FaultySignals;
export function faulty(
  inner: Backend | Queue | JobStore | Signals,
  { seed = 1 }: FaultyOptions = {},
): FaultyBackend | FaultyQueue | FaultyStore | FaultySignals {
  if (!Number.isInteger(seed)) throw new OptionInvalidError("faulty.seed", "a whole number", seed);
  const diary = new FaultDiary(seed);
  if ("queue" in inner) return new FaultyParts(inner, diary);
  if ("consume" in inner) return faultyQueue(inner, diary);
  if ("apply" in inner) return faultyStore(inner, "store", diary);
  if ("publish" in inner) return faultySignals(inner, diary);
  throw new OptionInvalidError("faulty", "a backend, a queue, a store or signals", inner);
}

// Its verbs are not its own properties: spread into the options of `createSemel`, only the parts of a backend are left.
class FaultyParts implements FaultyBackend {
  readonly queue: FaultyQueue;
  readonly store: FaultyStore;
  readonly deadLetters: FaultyStore<LetterBox>;
  declare readonly signals?: FaultySignals;
  declare readonly startDeadlineMs?: number;
  readonly #diary: FaultDiary;

  constructor(inner: Backend, diary: FaultDiary) {
    const { queue, store, deadLetters, signals, startDeadlineMs } = inner;
    this.#diary = diary;
    this.queue = faultyQueue(queue, diary);
    this.store = faultyStore(store, "store", diary);
    // Usually one object is both, and breaks as one.
    const isOne = (deadLetters as unknown) === store;
    this.deadLetters = isOne
      ? (this.store as unknown as FaultyStore<LetterBox>)
      : faultyStore(deadLetters, "dead letters", diary);
    if (signals) this.signals = faultySignals(signals, diary);
    if (startDeadlineMs !== undefined) this.startDeadlineMs = startDeadlineMs;
  }

  /** Each part once. */
  get #parts(): readonly Pick<FaultyQueue, "silence" | "resume" | "restart">[] {
    return [...new Set([this.queue, this.store, this.deadLetters, ...(this.signals ? [this.signals] : [])])];
  }

  silence(): void {
    for (const part of this.#parts) part.silence();
  }

  resume(): void {
    for (const part of this.#parts) part.resume();
  }

  restart(): void {
    for (const part of this.#parts) part.restart();
  }

  get happened(): readonly HappenedFault[] {
    return this.#diary.happened;
  }

  get seed(): number {
    return this.#diary.seed;
  }
}
