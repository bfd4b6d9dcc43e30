import { describeFailure } from "../errors/failure.ts";
import { OptionInvalidError } from "../errors/option-invalid.ts";
import type { Events } from "../instrumentation/events.ts";
import type { Emitter } from "../instrumentation/hooks.ts";
import { canonicalJson } from "../job/canonical-json.ts";
import { digest, effectKey } from "../job/identity.ts";
import type { Jsonify } from "../job/json.ts";
import { defaultPayloadLimits } from "../job/limits.ts";
import { sizeOf } from "../job/value.ts";
import type { Effect } from "../processor/context.ts";
import type { Finding, OnceOptions } from "../processor/once-options.ts";
import type { EpochMs } from "../runtime/clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Guard } from "./guard.ts";
import type { Lease } from "./lease.ts";
import type { StepBegun, StepEnd, StepEnded } from "./operations.ts";
import { inputDiffers, leaseLost, uncertainEffect } from "./step-errors.ts";
import { fromRecord, toRecord } from "./step-value.ts";

/** The effect has happened: its record is worth waiting for. */
const recordPatienceMs = 60_000;

/** What a step needs of the attempt around it. */
export interface StepParts {
  readonly guard: Guard;
  readonly lease: Lease;
  readonly generation: number;
  readonly runtime: Runtime;
  readonly emitter: Emitter;
  /** Fires when the worker waits for nothing any more. */
  readonly givingUp: AbortSignal;
  readonly about: Pick<Events["step.replayed"], "id" | "type" | "tenant" | "attempt" | "fence">;
}

/** One step of one attempt. */
export interface StepCall<T> {
  readonly name: string;
  /** Its name on record: with its key, if it has one. */
  readonly step: string;
  readonly run: (effect: Effect) => Promise<T> | T;
  readonly options: OnceOptions<T>;
  /** Throws where nothing may be begun any more. */
  readonly refuseWhenOver: () => void;
  /** It is on record. */
  readonly onDone: () => void;
}

/**
 *   begin ──▶ memo: answered from the record, nothing runs
 *     ├─────▶ run: intent is on record ──▶ the effect ──▶ end: value is on record
 *     │                                         └── a crash here is the one window in which an effect repeats,
 *     │                                             under the same key
 *     └─────▶ uncertain: somebody's intent is on record, and no value
 *                ├── halt ─────▶ UNCERTAIN_EFFECT
 *                └── verify ───▶ found: end, with what was found │ absent: run │ unknown: UNCERTAIN_EFFECT
 *
 * Asking takes the intent from nobody: until the step is begun anew, whoever began it may still say how it ended.
 */
export async function runStep<T>(parts: StepParts, call: StepCall<T>): Promise<Jsonify<T>> {
  const { emitter, about } = parts;
  const { step, options } = call;
  const mayAsk = options.onUncertain !== undefined && options.onUncertain !== "retry";
  let begun = await begin(parts, call, mayAsk ? "ask" : "begin");
  let finding: Finding<T> | undefined;
  if (begun.is === "uncertain") {
    finding = await found(parts, call, begun.since);
    if (finding.is === "unknown") throw uncertainEffect(call.name, step, begun.since);
    // Between the question and now the attempt may have been told to stop. What was found may be noted all the same.
    if (finding.is === "absent") call.refuseWhenOver();
    begun = await begin(parts, call, "begin");
  }
  switch (begun.is) {
    case "memo":
      call.onDone();
      emitter.emit("step.replayed", { ...about, step });
      return fromRecord(step, begun.value, options.maxBytes);
    case "run":
      if (finding?.is === "found") return await record(parts, call, finding.value);
      refuseWhenFenced(parts, call);
      return await haveEffect(parts, call, begun.repeated);
    case "lost":
      parts.lease.lose();
      throw leaseLost(call.name, "begun");
    case "input-differs":
      throw inputDiffers(call.name, step);
    case "uncertain":
      throw uncertainEffect(call.name, step, begun.since);
  }
}

/**
 * Asked again for as long as the lease lasts: that the store is away for a moment is no failure of the job's. Fenced off
 * meanwhile, the job is released, and that counts nothing either.
 */
async function begin<T>(
  { guard, lease, runtime }: StepParts,
  { step, options }: StepCall<T>,
  onUncertain: "begin" | "ask",
): Promise<StepBegun> {
  const { key, owner, fence, leaseMs } = lease;
  const input =
    options.input === undefined ? undefined : digest(canonicalJson(options.input, defaultPayloadLimits).text);
  const operation = { op: "step-begin", key, owner, fence, step, input, onUncertain, leaseMs } as const;
  const askedAt = runtime.clock.monotonic();
  let begun: StepBegun;
  try {
    begun = await guard.ask(operation);
  } catch {
    // A signal is made only where somebody needs it.
    begun = await guard.insist(operation, Math.max(recordPatienceMs, leaseMs), lease.signal);
  }
  if (begun.is !== "lost") lease.confirmedAt = Math.max(lease.confirmedAt, askedAt);
  return begun;
}

/** A process that stood still reads an old answer before its timers tell it so: others may have the job by now. */
function refuseWhenFenced<T>({ lease, runtime }: StepParts, { name }: StepCall<T>): void {
  if (runtime.clock.monotonic() < lease.fencedAt) return;
  lease.expire();
  throw leaseLost(name, "begun");
}

const effectOf = ({ lease, generation }: StepParts, step: string): Effect => ({
  key: effectKey(lease.key, generation, step),
  signal: lease.signal,
});

/** What the step's own policy says became of the effect. @throws `UNCERTAIN_EFFECT` where it is to halt. */
async function found<T>(parts: StepParts, { name, step, options }: StepCall<T>, since: EpochMs): Promise<Finding<T>> {
  const { onUncertain } = options;
  if (typeof onUncertain !== "function") throw uncertainEffect(name, step, since);
  const finding = await onUncertain({ ...effectOf(parts, step), since: new Date(since) });
  // Anything else must not pass for "absent": that runs the effect.
  if (!["found", "absent", "unknown"].includes(finding?.is))
    throw new OptionInvalidError(
      `once("${name}", …, { onUncertain })`,
      'a function that answers { is: "found", value }, { is: "absent" } or { is: "unknown" }',
      finding,
    );
  parts.emitter.emit("step.verified", { ...parts.about, step, found: finding.is });
  return finding;
}

async function haveEffect<T>(parts: StepParts, call: StepCall<T>, repeated: boolean): Promise<Jsonify<T>> {
  const { runtime, emitter, about } = parts;
  const { name, step } = call;
  emitter.emit("step.started", { ...about, step, repeated });
  runtime.failpoint?.(`once:${name}:before-effect`);
  const startedAt = runtime.clock.monotonic();
  const ran = (): number => runtime.clock.monotonic() - startedAt;
  let value: T;
  try {
    value = await call.run(effectOf(parts, step));
  } catch (error) {
    emitter.emit("step.failed", { ...about, step, ranMs: ran(), error: describeFailure(error) });
    throw await afterFailure(parts, call, error);
  }
  runtime.failpoint?.(`once:${name}:after-effect`);
  return record(parts, call, value, ran);
}

/** What the processor is to be thrown. Whether the effect happened before it failed, only the step itself can say. */
async function afterFailure<T>(
  parts: StepParts,
  { name, step, options }: StepCall<T>,
  error: unknown,
): Promise<unknown> {
  if (saysUndone(options, error)) {
    // Where it cannot be noted the step stays uncertain, which is the safe side.
    const ended = await end(parts, step, { is: "undone" }).catch(() => undefined);
    if (ended?.is === "stale") parts.lease.lose();
    return error;
  }
  // One that was told to stop is sorted by why, and halts when it is begun anew.
  if (options.onUncertain === "halt" && !parts.lease.aborted) return uncertainEffect(name, step, undefined, error);
  return error;
}

function saysUndone(options: OnceOptions, error: unknown): boolean {
  try {
    return options.isUndone?.(error) === true;
  } catch {
    return false;
  }
}

/** Puts the effect on record, and answers its value as a replay would give it. */
async function record<T>(
  parts: StepParts,
  { name, step, options, onDone }: StepCall<T>,
  value: T,
  ran?: () => number,
): Promise<Jsonify<T>> {
  const { guard, lease, runtime, emitter, about } = parts;
  const stored = toRecord(value, guard.store.features.maxValueBytes);
  const ended = await end(parts, step, { is: "done", value: stored });
  if (ended.is === "stale") {
    lease.lose();
    throw leaseLost(name, "recorded");
  }
  onDone();
  if (ran) emitter.emit("step.completed", { ...about, step, ranMs: ran(), bytes: sizeOf(stored) });
  runtime.failpoint?.(`once:${name}:after-record`);
  return fromRecord(step, ended.is === "already" ? ended.value : stored, options.maxBytes);
}

function end({ guard, lease, givingUp }: StepParts, step: string, as: StepEnd["as"]): Promise<StepEnded> {
  const { key, owner, fence } = lease;
  return guard.insist({ op: "step-end", key, owner, fence, step, as }, recordPatienceMs, givingUp);
}
