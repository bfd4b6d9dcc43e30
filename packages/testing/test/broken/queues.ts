import type {
  Added,
  Addition,
  ConsumeOptions,
  Consumer,
  Delivery,
  Disposition,
  JobId,
  LaneCounts,
} from "@semel/core/adapter";
import { MemoryQueue } from "@semel/core/memory";

/*
 * Queues that break one promise each, rarely or quietly enough that everything else about them is in order.
 */

type Handle = (delivery: Delivery) => Promise<Disposition>;

/** One job in fifty is confirmed and never seen again. */
export class LosesAJob extends MemoryQueue {
  #added = 0;

  override async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    const answers: Added[] = [];
    for (const addition of additions) {
      if (++this.#added % 50 === 0) answers.push({ is: "added" });
      else answers.push(...(await super.add([addition])));
    }
    return answers;
  }
}

/** One delivery in twenty is handed over twice at a time. */
export class DeliversTwiceAtOnce extends MemoryQueue {
  #delivered = 0;

  override consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    return super.consume(lane, options, (delivery) => {
      if (++this.#delivered % 20 === 0) void handle(delivery);
      return handle(delivery);
    });
  }
}

/** A delay ends at nine tenths of its time. */
export class DeliversEarly extends MemoryQueue {
  override add(additions: readonly Addition[]): Promise<readonly Added[]> {
    return super.add(additions.map((addition) => ({ ...addition, delayMs: addition.delayMs * 0.9 })));
  }
}

/** A job that is returned with a delay comes back at once. */
export class ReturnsAtOnce extends MemoryQueue {
  override consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    return super.consume(lane, options, async (delivery) => {
      const disposition = await handle(delivery);
      const isShort = disposition.do === "return" && disposition.delayMs < 60_000;
      return isShort ? { do: "return", delayMs: 0 } : disposition;
    });
  }
}

/** Priorities are accepted and ignored. */
export class IgnoresPriority extends MemoryQueue {
  override add(additions: readonly Addition[]): Promise<readonly Added[]> {
    return super.add(additions.map((addition) => ({ ...addition, priority: undefined })));
  }
}

/** Lanes are limited in name only. */
export class IgnoresLimits extends MemoryQueue {
  override async limit(): Promise<void> {}
}

/** Lanes whose jobs are done are no longer listed. */
export class ForgetsLanes extends MemoryQueue {
  override async lanes(): Promise<readonly { lane: string; types: readonly string[] }[]> {
    const all = await super.lanes();
    const counts = await Promise.all(all.map(({ lane }) => this.counts(lane)));
    return all.filter((_, index) => (counts[index]?.waiting ?? 0) + (counts[index]?.delayed ?? 0) > 0);
  }
}

/** Says that a hold was extended, and does nothing. */
export class ExtendsNothing extends MemoryQueue {
  override async consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    const consumer = await super.consume(lane, options, handle);
    return Object.assign(consumer, { extend: async () => [] });
  }
}

/** An acknowledgement counts whoever holds the job by then. */
export class AcknowledgesForOthers extends MemoryQueue {
  readonly #acknowledged = new Set<JobId>();

  override consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    return super.consume(lane, options, async (delivery) => {
      const disposition = await handle(delivery);
      if (disposition.do === "ack") this.#acknowledged.add(delivery.id);
      return this.#acknowledged.has(delivery.id) ? { do: "ack" } : disposition;
    });
  }
}

/** A consumer that was stopped goes on until it is disposed of. */
export class StopsLate extends MemoryQueue {
  override async consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    const consumer = await super.consume(lane, options, handle);
    return {
      extend: (held) => consumer.extend(held),
      resize: (concurrency) => consumer.resize(concurrency),
      stop: async () => {},
      [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
    };
  }
}

/** Envelopes go through a JSON parser on their way, as they do in a `jsonb` column. */
export class ReadsEnvelopes extends MemoryQueue {
  override add(additions: readonly Addition[]): Promise<readonly Added[]> {
    return super.add(additions.map((addition) => ({ ...addition, envelope: throughJson(addition.envelope) })));
  }
}

export function throughJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Delayed jobs are counted as if they were waiting. */
export class CountsDelayedAsWaiting extends MemoryQueue {
  override async counts(lane: string): Promise<LaneCounts> {
    const counts = await super.counts(lane);
    return { ...counts, waiting: counts.waiting + counts.delayed, delayed: 0 };
  }
}

/** Says that a job was removed, and leaves it where it is. */
export class RemovesNothing extends MemoryQueue {
  override async remove(lane: string, id: JobId): Promise<"removed" | "running" | "absent"> {
    if (!(await this.has(lane, id))) return "absent";
    return (await this.counts(lane)).running > 0 ? "running" : "removed";
  }
}

/** A repeat under one id overwrites what waits under it. */
export class KeepsTheLast extends MemoryQueue {
  override async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    for (const { lane, id } of additions) await super.remove(lane, id);
    return super.add(additions);
  }
}

/** Looks whether an id is there already, and adds it a moment later: two calls at once both find it absent. */
export class AddsTwiceInARace extends MemoryQueue {
  #repeats = 0;

  override async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    const isThere = await Promise.all(additions.map(({ lane, id }) => super.has(lane, id)));
    const added = additions.map((addition, index) => ({ addition, isThere: isThere[index] }));
    await Promise.resolve();
    for (const { addition, isThere } of added) {
      if (isThere) continue;
      const isRepeat = await super.has(addition.lane, addition.id);
      await super.add([isRepeat ? { ...addition, id: `${addition.id}${repeat}${++this.#repeats}` } : addition]);
    }
    return additions.map(() => ({ is: "added" }));
  }

  override consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    return super.consume(lane, options, (delivery) =>
      handle(delivery.id.includes(repeat) ? { ...delivery, id: delivery.id.split(repeat)[0] ?? "" } : delivery),
    );
  }
}

/** No id holds a space: what follows one tells the copies of a job apart. */
const repeat = " ";

/** A consumer keeps the size it was born with. */
export class NeverResizes extends MemoryQueue {
  override async consume(lane: string, options: ConsumeOptions, handle: Handle): Promise<Consumer> {
    return Object.assign(await super.consume(lane, options, handle), { resize: () => {} });
  }
}

/** A hold lasts until it is released, whatever end it was given. */
export class HoldsForEver extends MemoryQueue {
  override hold(lane: string): Promise<void> {
    return super.hold(lane);
  }
}

/** A job that is delayed is not found. */
export class LosesSightOfDelayedJobs extends MemoryQueue {
  readonly #delayed = new Set<JobId>();

  override async has(lane: string, id: JobId): Promise<boolean> {
    return !this.#delayed.has(id) && super.has(lane, id);
  }

  override add(additions: readonly Addition[]): Promise<readonly Added[]> {
    for (const { id, delayMs } of additions) if (delayMs > 0) this.#delayed.add(id);
    return super.add(additions);
  }
}
