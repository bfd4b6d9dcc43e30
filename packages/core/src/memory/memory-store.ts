import type { LetterBox, LetterFilter, StoredLetter } from "../dead-letter/letter-box.ts";
import type { DeadReason } from "../dead-letter/reason.ts";
import { decide } from "../idempotency/decide.ts";
import type { JobRecord, StepRecord } from "../idempotency/job-record.ts";
import type { JobStore, JobStoreFeatures } from "../idempotency/job-store.ts";
import type { Answer, AnswersTo, Operation } from "../idempotency/operations.ts";
import type { Writes } from "../idempotency/transitions/decision.ts";
import type { WorkerBeat } from "../idempotency/worker-beat.ts";
import type { GuardKey, JobId } from "../job/identity.ts";
import type { StoredValue } from "../job/value.ts";
import { type Clock, type EpochMs, systemClock } from "../runtime/clock.ts";
import type { Host } from "../runtime/host.ts";

/** Everything kept for one guard key. */
interface Entry {
  record: JobRecord;
  /** Most jobs have none. */
  steps?: Map<string, StepRecord> | undefined;
  result?: StoredValue | undefined;
  envelope?: string | undefined;
  followUps?: string | undefined;
}

interface Letter extends StoredLetter {
  readonly type: string;
  readonly tenant: string | undefined;
  readonly reason: DeadReason;
  readonly group: string;
  readonly expiresAt: number;
  /** Order of death. */
  readonly order: number;
}

/**
 * The reference store: the state machine of `decide` over a `Map`. One process, gone with it; JavaScript runs one
 * operation at a time, which is all the atomicity it needs.
 */
export class MemoryStore implements JobStore, LetterBox {
  readonly ports: 1 = 1;
  readonly features: JobStoreFeatures = { durable: false, maxValueBytes: 262_144 };
  #clock: Clock = systemClock;
  readonly #entries = new Map<GuardKey, Entry>();
  /** In the order of death. */
  readonly #letters = new Map<JobId, Letter>();
  readonly #workers = new Map<string, { beat: WorkerBeat; until: number }>();
  #deaths = 0;

  async start(host: Host): Promise<{ now: number; warnings: readonly string[] }> {
    this.#clock = host.clock;
    return { now: this.#clock.now(), warnings: [] };
  }

  async apply<const Ops extends readonly Operation[]>(operations: Ops): Promise<AnswersTo<Ops>> {
    const now = this.#clock.now();
    const answers: Answer[] = operations.map((operation) => this.#apply(operation, now));
    return answers as unknown as AnswersTo<Ops>;
  }

  #apply(operation: Operation, now: EpochMs): Answer {
    const entry = this.#entries.get(operation.key);
    const step = "step" in operation ? entry?.steps?.get(operation.step) : undefined;
    const { answer, writes } = decide(operation, { record: entry?.record, step }, now);
    const after = writes ? this.#write(operation.key, entry, writes) : entry;
    if (answer.is === "replayed") return { ...answer, result: after?.result };
    if (answer.is === "finished" && "followUps" in answer) return { ...answer, followUps: after?.followUps };
    return answer;
  }

  #write(key: GuardKey, found: Entry | undefined, writes: Writes): Entry | undefined {
    const { record } = writes;
    if (record === null) {
      this.#entries.delete(key);
      return undefined;
    }
    const entry: Entry = found ?? { record };
    if (!found) this.#entries.set(key, entry);
    entry.record = record;
    if (writes.clearSteps) entry.steps = undefined;
    if (writes.step?.record === null) entry.steps?.delete(writes.step.name);
    else if (writes.step) {
      entry.steps ??= new Map();
      entry.steps.set(writes.step.name, writes.step.record);
    }
    if (writes.result !== undefined) entry.result = writes.result ?? undefined;
    if (writes.envelope !== undefined) entry.envelope = writes.envelope ?? undefined;
    if (writes.followUps !== undefined) entry.followUps = writes.followUps ?? undefined;
    if (writes.letter) {
      const { id, type, tenant, reason = "NON_RETRYABLE", finishedAt: diedAt = this.#clock.now() } = record;
      const { body, group, keepMs } = writes.letter;
      this.#letters.delete(id);
      this.#letters.set(id, {
        id,
        key,
        type,
        tenant,
        reason,
        group,
        body,
        diedAt,
        expiresAt: diedAt + keepMs,
        order: ++this.#deaths,
      });
    }
    return entry;
  }

  async read(keys: readonly GuardKey[]): Promise<readonly (JobRecord | undefined)[]> {
    return keys.map((key) => this.#live(key)?.record);
  }

  async result(key: GuardKey): Promise<StoredValue | undefined> {
    return this.#live(key)?.result;
  }

  async envelope(key: GuardKey): Promise<string | undefined> {
    return this.#live(key)?.envelope;
  }

  #live(key: GuardKey): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.record.expiresAt > this.#clock.now() ? entry : undefined;
  }

  async forget(filter: { readonly tenant: string } | { readonly key: GuardKey }): Promise<number> {
    const matches = (of: { key: GuardKey; tenant?: string | undefined }): boolean =>
      "key" in filter ? of.key === filter.key : of.tenant === filter.tenant;
    const letters = [...this.#letters.values()].filter(matches);
    for (const { id } of letters) this.#letters.delete(id);
    const entries = [...this.#entries.values()].filter((entry) => matches(entry.record));
    for (const { record } of entries) this.#entries.delete(record.key);
    return entries.length;
  }

  async sweep(limit: number): Promise<number> {
    const now = this.#clock.now();
    let removed = 0;
    for (const [key, { record }] of this.#entries) {
      if (removed === limit) break;
      if (record.expiresAt <= now && this.#entries.delete(key)) removed++;
    }
    let purged = 0;
    for (const [id, letter] of this.#letters) {
      if (purged === limit) break;
      if (letter.expiresAt <= now && this.#letters.delete(id)) purged++;
    }
    return removed + purged;
  }

  async beat(worker: WorkerBeat, keepMs: number): Promise<EpochMs> {
    const now = this.#clock.now();
    if (keepMs <= 0) this.#workers.delete(worker.id);
    else this.#workers.set(worker.id, { beat: { ...worker, seenAt: now }, until: now + keepMs });
    return now;
  }

  async workers(): Promise<readonly WorkerBeat[]> {
    const now = this.#clock.now();
    return [...this.#workers.values()].filter(({ until }) => until > now).map(({ beat }) => beat);
  }

  async list(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]> {
    const { after, limit } = page;
    // By its place in the order of death: what was purged between two pages must not shift the next one.
    const before = after === undefined ? Number.POSITIVE_INFINITY : (after.order ?? 0);
    const found: StoredLetter[] = [];
    for (const letter of [...this.#letters.values()].reverse()) {
      if (found.length === limit) break;
      if (letter.order < before && this.#matches(letter, filter)) found.push(stored(letter));
    }
    return found;
  }

  async get(id: JobId): Promise<StoredLetter | undefined> {
    const letter = this.#letters.get(id);
    return letter && letter.expiresAt > this.#clock.now() ? stored(letter) : undefined;
  }

  async groups(
    filter: LetterFilter,
  ): Promise<readonly { type: string; reason: DeadReason; group: string; count: number; sample: JobId }[]> {
    const groups = new Map<string, { type: string; reason: DeadReason; group: string; count: number; sample: JobId }>();
    for (const { id, type, reason, group } of this.#matching(filter)) {
      const name = JSON.stringify([type, reason, group]);
      const found = groups.get(name) ?? { type, reason, group, count: 0, sample: id };
      groups.set(name, { ...found, count: found.count + 1, sample: id });
    }
    return [...groups.values()].sort((a, b) => b.count - a.count);
  }

  async purge(filter: LetterFilter | { readonly id: JobId }): Promise<number> {
    const doomed = "id" in filter ? [filter.id] : this.#matching(filter).map(({ id }) => id);
    return doomed.filter((id) => this.#letters.delete(id)).length;
  }

  #matching(filter: LetterFilter): Letter[] {
    return [...this.#letters.values()].filter((letter) => this.#matches(letter, filter));
  }

  #matches(letter: Letter, filter: LetterFilter): boolean {
    return (
      letter.expiresAt > this.#clock.now() &&
      (filter.type === undefined || letter.type === filter.type) &&
      (filter.tenant === undefined || letter.tenant === filter.tenant) &&
      (filter.reasons === undefined || filter.reasons.includes(letter.reason)) &&
      (filter.group === undefined || letter.group === filter.group) &&
      (filter.diedAfter === undefined || letter.diedAt >= filter.diedAfter) &&
      (filter.diedBefore === undefined || letter.diedAt < filter.diedBefore)
    );
  }

  /** Nothing to close: what it holds goes with the last reference to it. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

const stored = ({ id, key, body, diedAt, order }: Letter): StoredLetter => ({ id, key, body, diedAt, order });
