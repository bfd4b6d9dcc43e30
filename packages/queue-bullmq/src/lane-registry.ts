import type { Addition, Clock } from "@semel/core/adapter";
import type { IQueueBackend } from "bullmq";
import type { Broker } from "./broker.ts";
import { registryName } from "./lane-name.ts";

/** A broker may have come back empty, and nobody is told: what was written longer ago is written again. */
export const rememberedMs = 60_000;

/**
 * Every lane that ever got a job, with its types: the fields of a broker queue that holds no jobs. Written by every process
 * once a minute at most for each lane and type that it adds to.
 */
export class LaneRegistry {
  readonly #backend: IQueueBackend;
  readonly #clock: Clock;
  /** When each was written last, on the monotonic clock. */
  readonly #entered = new Map<string, number>();

  constructor(namespace: string, broker: Broker, clock: Clock) {
    this.#clock = clock;
    this.#backend = broker.backend(broker.nameOf(registryName(namespace)), { connection: {} });
  }

  async enter(additions: readonly Addition[]): Promise<void> {
    const now = this.#clock.monotonic();
    const due = new Set<string>();
    let isNew = false;
    for (const { lane, type } of additions) {
      const entry = JSON.stringify([lane, type]);
      const enteredAt = this.#entered.get(entry);
      if (enteredAt !== undefined && now - enteredAt < rememberedMs) continue;
      due.add(entry);
      isNew ||= enteredAt === undefined;
    }
    if (due.size === 0) return;
    try {
      await this.#backend.setQueueMeta(Object.fromEntries([...due].map((entry) => [entry, 1])));
    } catch (error) {
      // Most likely it is still there. Whether the broker takes jobs is for the addition to find out.
      if (!isNew) return;
      throw error;
    }
    for (const entry of due) this.#entered.set(entry, now);
  }

  /** Lets go of it. */
  async close(): Promise<void> {
    await this.#backend.close();
  }

  async lanes(): Promise<readonly { readonly lane: string; readonly types: readonly string[] }[]> {
    const lanes = new Map<string, string[]>();
    for (const entry of Object.keys(await this.#backend.getQueueMeta())) {
      const [lane, type] = JSON.parse(entry) as [string, string];
      lanes.set(lane, [...(lanes.get(lane) ?? []), type]);
    }
    return [...lanes].map(([lane, types]) => ({ lane, types }));
  }
}
