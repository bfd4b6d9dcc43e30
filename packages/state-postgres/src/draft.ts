import {
  type Answer,
  type DeadReason,
  decide,
  type EpochMs,
  type GuardKey,
  type JobId,
  type JobRecord,
  type NewLetter,
  type Operation,
  type StepRecord,
  type Writes,
} from "@semel/core/adapter";
import { fromText, toText } from "./text.ts";

/** What is kept beside a record, by the names it has in the table `parts`. */
const stepPrefix = "step:";

/** The part that an operation looks at, beside the record itself. */
export function partOf(operation: Operation): string | undefined {
  switch (operation.op) {
    case "step-begin":
    case "step-end":
    case "step-decide":
      return stepPrefix + toText(operation.step);
    case "reserve":
      return "result";
    case "claim":
      return "follow-ups";
    default:
      return undefined;
  }
}

/** A letter with the columns by which it is listed. */
export interface DraftLetter extends NewLetter {
  readonly id: JobId;
  readonly type: string;
  readonly tenant: string | undefined;
  readonly reason: DeadReason;
  readonly diedAt: EpochMs;
}

/**
 * The working copy of everything under one guard key, while the operations of a batch are decided over it. It is
 * written at most once, as a whole, and only if the record is still at `expected` then.
 */
export class Draft {
  readonly key: GuardKey;
  /** The record's revision as loaded; 0 where there is none. */
  readonly expected: number;
  record: JobRecord | undefined;
  isChanged = false;
  /** Every step that is not among `changes` goes. */
  clearsSteps = false;
  /** Parts to be written, or removed where `null`, as they are stored. */
  readonly changes: Map<string, string | null> = new Map();
  readonly letters: DraftLetter[] = [];
  /** The parts the batch's operations look at, as stored. */
  readonly #parts = new Map<string, string>();
  /** Nothing more is taken in this round. */
  #isFull = false;

  constructor(key: GuardKey, expected: number, record: JobRecord | undefined) {
    this.key = key;
    this.expected = expected;
    this.record = record;
  }

  load(part: string, body: string): void {
    this.#parts.set(part, body);
  }

  /**
   * Decides one operation over this copy. `undefined`: it, and what follows it on this key, has to wait for the next
   * round, because a removal is written by itself.
   */
  take(operation: Operation, now: EpochMs): Answer | undefined {
    if (this.#isFull) return undefined;
    const step = "step" in operation ? this.#parts.get(partOf(operation) ?? "") : undefined;
    const loaded = { record: this.record, step: step === undefined ? undefined : (JSON.parse(step) as StepRecord) };
    const { answer, writes } = decide(operation, loaded, now);
    if (writes?.record === null) {
      this.#isFull = true;
      if (this.isChanged) return undefined;
    }
    if (writes) this.#change(writes, now);
    if (answer.is === "replayed") return { ...answer, result: this.#text("result") };
    if (answer.is === "finished" && "followUps" in answer) return { ...answer, followUps: this.#text("follow-ups") };
    return answer;
  }

  #text(part: string): string | undefined {
    const body = this.#parts.get(part);
    return body === undefined ? undefined : fromText(body);
  }

  #change(writes: Writes, now: EpochMs): void {
    this.isChanged = true;
    if (writes.record === null) {
      this.record = undefined;
      return;
    }
    this.record = writes.record ?? this.record;
    if (writes.clearSteps) this.#clearSteps();
    if (writes.step)
      this.#set(stepPrefix + toText(writes.step.name), writes.step.record && JSON.stringify(writes.step.record));
    if (writes.result !== undefined) this.#set("result", writes.result && toText(writes.result));
    if (writes.envelope !== undefined) this.#set("envelope", writes.envelope && toText(writes.envelope));
    if (writes.followUps !== undefined) this.#set("follow-ups", writes.followUps && toText(writes.followUps));
    if (writes.letter && this.record) {
      const { id, type, tenant, reason = "NON_RETRYABLE", finishedAt: diedAt = now } = this.record;
      this.letters.push({ ...writes.letter, id, type, tenant, reason, diedAt });
    }
  }

  #set(part: string, body: string | null): void {
    this.changes.set(part, body);
    if (body === null) this.#parts.delete(part);
    else this.#parts.set(part, body);
  }

  #clearSteps(): void {
    this.clearsSteps = true;
    for (const parts of [this.#parts, this.changes]) {
      for (const part of parts.keys()) if (part.startsWith(stepPrefix)) parts.delete(part);
    }
  }
}
