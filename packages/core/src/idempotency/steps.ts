import { describeFailure } from "../errors/failure.ts";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import { SemelError } from "../errors/semel-error.ts";
import type { Events } from "../instrumentation/events.ts";
import type { Emitter } from "../instrumentation/hooks.ts";
import { canonicalJson } from "../job/canonical-json.ts";
import { digest, effectKey } from "../job/identity.ts";
import type { Jsonify } from "../job/json.ts";
import { defaultPayloadLimits } from "../job/limits.ts";
import { decodeValue, encodeOrThrow, sizeOf } from "../job/value.ts";
import type { Effect, OnceOptions } from "../processor/context.ts";
import { LinkedList } from "../runtime/linked-list.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Guard } from "./guard.ts";
import type { Lease } from "./lease.ts";
import type { AnswerTo, StepBegin } from "./operations.ts";

/** The effect has happened: its record is worth waiting for. */
const recordPatienceMs = 60_000;

interface StepParts {
  readonly guard: Guard;
  readonly lease: Lease;
  readonly generation: number;
  readonly runtime: Runtime;
  readonly emitter: Emitter;
  /** Fires when the worker waits for nothing any more. */
  readonly givingUp: AbortSignal;
  readonly about: Pick<Events["step.replayed"], "id" | "type" | "tenant" | "attempt" | "fence">;
}

/**
 * The memoised steps of one attempt: `context.once`.
 *
 *   begin ──▶ memo: answered from the record, nothing runs
 *     └─────▶ run: intent is on record ──▶ the effect ──▶ end: value is on record
 *                                               └── a crash here is the one window in which an effect repeats,
 *                                                   under the same key
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

  once<T>(name: string, run: (effect: Effect) => Promise<T> | T, options: OnceOptions = {}): Promise<Jsonify<T>> {
    const step = this.#run(name, run, options);
    const place = this.#open.push({ name, step });
    const close = (): void => place.leave();
    // Whoever awaits it hears of its failure; whoever does not must not bring the process down.
    step.then(close, close);
    return step;
  }

  async #run<T>(name: string, run: (effect: Effect) => Promise<T> | T, options: OnceOptions): Promise<Jsonify<T>> {
    const { guard, lease, generation, runtime, emitter, givingUp, about } = this.#parts;
    const step = this.#register(name, options.key);
    this.#refuseWhenOver(name);

    const input =
      options.input === undefined ? undefined : digest(canonicalJson(options.input, defaultPayloadLimits).text);
    const held = { key: lease.key, owner: lease.owner, fence: lease.fence, step } as const;
    const askedAt = runtime.clock.monotonic();
    const begun = await this.#begin({
      op: "step-begin",
      ...held,
      input,
      onUncertain: "begin",
      leaseMs: lease.leaseMs,
    });
    if (begun.is === "memo") {
      this.#done.push(step);
      emitter.emit("step.replayed", { ...about, step });
      return decodeValue(begun.value);
    }
    if (begun.is === "lost") {
      lease.lose();
      throw attemptOver(name);
    }
    if (begun.is === "input-differs") {
      throw new SemelError(
        "STEP_CONFLICT",
        `step "${name}" was begun before with another input; give the changed step a new name`,
        { details: { step } },
      );
    }
    if (begun.is === "uncertain") {
      throw new SemelError("UNCERTAIN_EFFECT", `step "${name}" may or may not have had its effect`, {
        details: { step, since: begun.since },
      });
    }

    // A process that stood still reads an old answer before its timers tell it so: others may have the job by now.
    lease.confirmedAt = Math.max(lease.confirmedAt, askedAt);
    if (runtime.clock.monotonic() >= lease.fencedAt) {
      lease.expire();
      throw attemptOver(name);
    }
    emitter.emit("step.started", { ...about, step, repeated: begun.repeated });
    runtime.failpoint?.(`once:${name}:before-effect`);
    const startedAt = runtime.clock.monotonic();
    const ran = (): number => runtime.clock.monotonic() - startedAt;
    let value: T;
    try {
      value = await run({ key: effectKey(lease.key, generation, step), signal: lease.signal });
    } catch (error) {
      emitter.emit("step.failed", { ...about, step, ranMs: ran(), error: describeFailure(error) });
      throw error;
    }
    runtime.failpoint?.(`once:${name}:after-effect`);
    const stored = encodeOrThrow(value, `the value of step "${name}"`, guard.store.features.maxValueBytes);
    const ended = await guard.insist(
      { op: "step-end", ...held, as: { is: "done", value: stored } },
      recordPatienceMs,
      givingUp,
    );
    if (ended.is === "stale") throw attemptOver(name);
    this.#done.push(step);
    emitter.emit("step.completed", { ...about, step, ranMs: ran(), bytes: sizeOf(stored) });
    runtime.failpoint?.(`once:${name}:after-record`);
    // The value as a replay would give it, so that a first run and a later one never see different types.
    return decodeValue(ended.is === "already" ? ended.value : stored);
  }

  /**
   * Asked again for as long as the lease lasts: that the store is away for a moment is no failure of the job's. Fenced off
   * meanwhile, the job is released, and that counts nothing either.
   */
  async #begin(operation: StepBegin): Promise<AnswerTo<StepBegin>> {
    const { guard, lease } = this.#parts;
    try {
      return await guard.ask(operation);
    } catch {
      // A signal is made only where somebody needs it.
      return await guard.insist(operation, Math.max(recordPatienceMs, lease.leaseMs), lease.signal);
    }
  }

  #register(name: string, key: string | number | undefined): string {
    if (typeof name !== "string" || name.length === 0 || name.length > 200)
      throw new OptionInvalidError("once(name)", "a text of 1 to 200 characters", name);
    if (key !== undefined && String(key).length > 200)
      throw new OptionInvalidError("once(…, { key })", "at most 200 characters", key);
    // JSON keeps ("a", "b#c") and ("a#b", "c") apart.
    const step = key === undefined ? name : JSON.stringify([name, key]);
    if (this.#begun.has(step)) {
      throw new SemelError(
        "STEP_NAME_REPEATED",
        `step "${name}" was begun twice in one attempt; in a loop, give each a key: once("${name}", …, { key })`,
        {
          details: { step },
        },
      );
    }
    this.#begun.add(step);
    return step;
  }

  #refuseWhenOver(name: string): void {
    const { lease } = this.#parts;
    if (this.#isOver || lease.isLost || lease.abortReason === "lease-lost") throw attemptOver(name);
    // A cancelled or timed out attempt begins nothing new either; its signal says why.
    if (lease.aborted) throw lease.aborted;
  }
}

const attemptOver = (name: string): SemelError =>
  new SemelError("ATTEMPT_OVER", `step "${name}" was not begun or not recorded: this attempt no longer holds the job`, {
    isRetryable: true,
  });
