import type { JobId } from "@semel/core/adapter";
import { type RedisClient, runScript } from "@semel/redis-connection";
import { type Keys, keyIn } from "./keys.ts";
import type { Letters } from "./letters.ts";
import { forgetScript } from "./scripts/upkeep.ts";
import { fullId } from "./stored-id.ts";
import { fromText, toText } from "./text.ts";

/** Records that are looked at in one call. */
const batch = 200;

/** Erases records with all that belongs to them. */
export class Erasure {
  readonly #client: RedisClient;
  readonly #isCluster: boolean;
  readonly #letters: Letters;

  constructor(client: RedisClient, isCluster: boolean, letters: Letters) {
    this.#client = client;
    this.#isCluster = isCluster;
    this.#letters = letters;
  }

  /** Looks at every record of the namespace, a few at a time: erasure may take its time, and nobody else has to wait. */
  async tenant(tenant: string, keys: Keys): Promise<number> {
    const nodes = this.#isCluster ? (this.#client.nodes?.("master") ?? []) : [this.#client];
    const forgotten = await Promise.all(nodes.map((node) => this.#tenantOn(node, tenant, keys)));
    // Letters may outlive the record of the work that came after them.
    await this.#letters.sweepAll();
    await this.#letters.purge({ tenant });
    return forgotten.reduce((sum, count) => sum + count, 0);
  }

  async #tenantOn(node: RedisClient, tenant: string, keys: Keys): Promise<number> {
    let forgotten = 0;
    let cursor = "0";
    do {
      const found = await node.call("scan", cursor, "MATCH", keys.allRecords, "COUNT", batch);
      const [next, records] = found as [string, readonly string[]];
      if (records.length > 0) forgotten += await this.records(records, [toText(tenant)]);
      cursor = String(next);
    } while (cursor !== "0");
    return forgotten;
  }

  /** @param tenant the only one whose records go; none: all of these. */
  async records(names: readonly string[], tenant: readonly string[] = []): Promise<number> {
    const calls = this.#isCluster ? names.map((name) => [name]) : [names];
    const forgotten = await Promise.all(calls.map((some) => this.#erase(some, tenant)));
    return forgotten.reduce((sum, count) => sum + count, 0);
  }

  async #erase(names: readonly string[], tenant: readonly string[]): Promise<number> {
    const answer = await runScript(this.#client, forgetScript, names, tenant);
    const [count, ...letters] = answer as [number, ...(number | string)[]];
    const ids: JobId[] = [];
    for (let at = 0; at < letters.length; at += 2)
      ids.push(fullId(keyIn(names[Number(letters[at]) - 1] ?? ""), fromText(String(letters[at + 1]))));
    await this.#letters.remove(ids);
    return count;
  }
}
