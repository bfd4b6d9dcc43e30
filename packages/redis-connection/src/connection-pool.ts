import { connectClient, connectNodes, cutInOtherDatabase } from "./connect-client.ts";
import { createClient } from "./create-client.ts";
import { endClient } from "./end-client.ts";
import { closed } from "./failure.ts";
import { heartbeat } from "./heartbeat.ts";
import { judgeServers } from "./judge-servers.ts";
import type { Origin } from "./origin.ts";
import type { Profile } from "./profile.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Judgement, RedisConnectionOptions } from "./redis-connection.ts";
import { remembered } from "./remembered.ts";
import { type Watch, watch } from "./watch.ts";

/** What several connections notice within so long is one outage. In milliseconds. */
const sameOutageMs = 3_000;
/** That a database cannot be selected is told again after this long. In milliseconds. */
const cutToldEveryMs = 60_000;

/** The connections of one origin, opened when they are asked for, until the last holder lets go. */
export class ConnectionPool {
  readonly isCluster: boolean;
  /** See `RedisConnection`; the same client for all who ask. */
  readonly commands: () => Promise<RedisClient>;
  readonly patient: () => Promise<RedisClient>;
  readonly #judged: () => Promise<{ readonly judgement: Judgement; readonly at: number }>;
  readonly #origin: Origin;
  readonly #options: RedisConnectionOptions;
  /** All that is open, and what stops its heartbeat. */
  readonly #clients = new Map<RedisClient, () => void>();
  #holders = 0;
  /** Of the holders who want to hear of problems, the first does. */
  readonly #listeners: NonNullable<RedisConnectionOptions["onProblem"]>[] = [];
  #isEnding = false;
  #toldAt: number = Number.NEGATIVE_INFINITY;
  #cutToldAt: number = Number.NEGATIVE_INFINITY;

  constructor(origin: Origin, options: RedisConnectionOptions) {
    this.#origin = origin;
    this.#options = options;
    this.isCluster = origin.kind === "cluster" || (origin.kind === "client" && origin.client.nodes !== undefined);
    const isEnded = (client: RedisClient): boolean => client.status === "end";
    this.commands = remembered(() => this.#connected(), isEnded);
    this.patient = remembered(() => this.#waiting("patient"), isEnded);
    this.#judged = remembered(() => this.#judge());
  }

  hold(onProblem: RedisConnectionOptions["onProblem"]): void {
    this.#holders += 1;
    if (onProblem) this.#listeners.push(onProblem);
  }

  /** Ends everything when nobody is left. */
  async release(onProblem: RedisConnectionOptions["onProblem"]): Promise<void> {
    this.#holders -= 1;
    if (onProblem) this.#listeners.splice(this.#listeners.indexOf(onProblem), 1);
    if (this.#holders > 0) return;
    this.#isEnding = true;
    await Promise.all([...this.#clients.keys()].map((client) => this.#end(client)));
  }

  async subscriber(): Promise<RedisClient> {
    return await this.#waiting("subscriber");
  }

  async judge(): Promise<Judgement> {
    const { judgement, at } = await this.#judged();
    // Asked again an hour later, its clock has gone on for an hour.
    return { ...judgement, now: Math.round(judgement.now + performance.now() - at) };
  }

  async #judge(): Promise<{ readonly judgement: Judgement; readonly at: number }> {
    const client = await this.commands();
    try {
      const judgement = await judgeServers(client, this.#origin.place, this.#options.allowNoPersistence === true);
      return { judgement, at: performance.now() };
    } catch (error) {
      throw this.#isEnding ? closed() : error;
    }
  }

  async #connected(): Promise<RedisClient> {
    const { client, watch } = await this.#create("commands");
    try {
      await connectClient(client, this.#origin.place, watch);
      cutInOtherDatabase(client, (error) => this.#tellCut(error));
      return client;
    } catch (error) {
      await this.#end(client);
      throw this.#isEnding ? closed() : error;
    }
  }

  async #waiting(profile: Profile): Promise<RedisClient> {
    const { client } = await this.#create(profile);
    cutInOtherDatabase(client, (error) => this.#tellCut(error));
    // It goes on trying; what goes wrong meanwhile is reported.
    client.connect().catch(() => undefined);
    return client;
  }

  async #create(profile: Profile): Promise<{ readonly client: RedisClient; readonly watch: Watch }> {
    const isEnding = (): boolean => this.#isEnding;
    const client = await createClient(this.#origin, profile, isEnding);
    // The last holder may have let go while ioredis was loaded.
    if (this.#isEnding) throw closed();
    this.#clients.set(client, heartbeat(client));
    client.on("end", () => this.#forget(client));
    client.on("ready", () => connectNodes(client));
    const onProblem = (text: string, error: unknown): void => this.#tell(text, error);
    const { place } = this.#origin;
    return { client, watch: watch(client, { place, isAwaited: profile === "commands", isEnding, onProblem }) };
  }

  /** Every connection notices an outage of its own; one of them is enough to hear of. */
  #tell(text: string, error: unknown): void {
    if (performance.now() - this.#toldAt < sameOutageMs) return;
    this.#toldAt = performance.now();
    this.#listeners[0]?.(text, error);
  }

  /** Not an outage that ends by itself, so it is told even where it comes with one. */
  #tellCut(error: Error): void {
    if (performance.now() - this.#cutToldAt < cutToldEveryMs) return;
    this.#cutToldAt = performance.now();
    const text = `Redis at ${this.#origin.place} lets nobody into the database asked for: ${error.message}; trying again`;
    this.#listeners[0]?.(text, error);
  }

  async #end(client: RedisClient): Promise<void> {
    await endClient(client);
    this.#forget(client);
  }

  #forget(client: RedisClient): void {
    this.#clients.get(client)?.();
    this.#clients.delete(client);
  }
}
