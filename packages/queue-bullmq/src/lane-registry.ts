import type { Addition } from "@semel/core/adapter";
import type { IQueueBackend } from "bullmq";
import type { Broker } from "./broker.ts";
import { registryName } from "./lane-name.ts";

/**
 * Every lane that ever got a job, with its types: the fields of a broker queue that holds no jobs. Written once per
 * lane, type and process.
 */
export class LaneRegistry {
  readonly #backend: IQueueBackend;
  readonly #entered = new Set<string>();

  constructor(namespace: string, broker: Broker) {
    this.#backend = broker.backend(broker.nameOf(registryName(namespace)), { connection: {} });
  }

  async enter(additions: readonly Addition[]): Promise<void> {
    const fresh = new Set<string>();
    for (const { lane, type } of additions) {
      const entry = JSON.stringify([lane, type]);
      if (!this.#entered.has(entry)) fresh.add(entry);
    }
    if (fresh.size === 0) return;
    await this.#backend.setQueueMeta(Object.fromEntries([...fresh].map((entry) => [entry, 1])));
    for (const entry of fresh) this.#entered.add(entry);
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
