import { OptionInvalidError, SemelError } from "@semel/core";
import {
  type Added,
  type Addition,
  type Clock,
  type ConsumeOptions,
  type Consumer,
  type Delivery,
  type Disposition,
  type Host,
  type JobId,
  knownOnly,
  type LaneCounts,
  type Queue,
  type QueueFeatures,
} from "@semel/core/adapter";
import type { RedisConnection, RedisSource } from "@semel/redis-connection";
import type { Broker } from "./broker.ts";
import { Lane } from "./lane.ts";
import { LaneRegistry } from "./lane-registry.ts";
import { PostgresBroker, type PostgresClient, type PostgresSource } from "./postgres/postgres-broker.ts";
import { defaultPrefix } from "./redis/bull-queue-name.ts";
import { RedisBroker } from "./redis/redis-broker.ts";

/** BullMQ on PostgreSQL. */
export interface PostgresOptions {
  /**
   * A `pg.Pool` (at least two connections, best one of its own: `schema` is put at the head of its sessions' search
   * path), a PGlite, or a function that answers one when the queue starts. Stays open when the queue is disposed of,
   * unless you hand over `close` as well.
   */
  readonly postgres: PostgresSource;
  /** Called once when the queue is disposed of, with the pool or PGlite, if there ever was one. */
  readonly close?: ((client: PostgresClient) => void | Promise<void>) | undefined;
  /** The schema BullMQ's tables live in; created if absent. Default: `semel_queue`. */
  readonly schema?: string | undefined;
  /** What `start` is to warn of, besides what it finds itself: for presets that are built on this queue. */
  readonly warnings?: readonly string[] | undefined;
}

/** BullMQ on Redis. */
export interface RedisOptions {
  /**
   * Where Redis is: a URL, `{ url }`, `{ sentinels, name }`, `{ cluster }`, or an ioredis `Redis` or `Cluster` of yours,
   * which is not touched. Or a connection that others share, which stays open as long as one of them holds it.
   */
  readonly redis: RedisSource | RedisConnection;
  /** What all keys begin with. 1–64 characters of `A–Z a–z 0–9 . _ -`. Default: `semel`. */
  readonly prefix?: string | undefined;
  /**
   * How many acknowledged jobs of each lane are kept as `completed` ones of BullMQ, for people who look at it through
   * tools like Bull Board. They are copies and mean nothing to Semel. Default: 0. At most 10,000.
   */
  readonly keepFinished?: number | undefined;
  /**
   * Runs on a Redis without persistence in production too, knowing that it forgets. Default: `false`. A connection that
   * is handed over has been told already.
   */
  readonly allowNoPersistence?: boolean | undefined;
  /** What `start` is to warn of, besides what it finds itself: for presets that are built on this queue. */
  readonly warnings?: readonly string[] | undefined;
}

/** Which database BullMQ stands on. */
export type BullmqQueueOptions = PostgresOptions | RedisOptions;

/**
 * Semel's queue on BullMQ. Connects when it is started.
 *
 * @throws `OPTION_INVALID` for anything but one of the sources above.
 */
export function bullmqQueue(options: BullmqQueueOptions): Queue {
  knownOnly(options, "redis" in Object(options) ? ofRedis : ofPostgres, "bullmqQueue");
  const { warnings = [] } = options;
  return new BullmqQueue("redis" in options ? onRedis(options) : onPostgres(options), warnings);
}

const ofPostgres: readonly (keyof PostgresOptions)[] = ["postgres", "close", "schema", "warnings"];
const ofRedis: readonly (keyof RedisOptions)[] = ["redis", "prefix", "keepFinished", "allowNoPersistence", "warnings"];

function onPostgres({ postgres, schema = "semel_queue", close }: PostgresOptions): Broker {
  if ((typeof postgres !== "object" || postgres === null) && typeof postgres !== "function") {
    throw new OptionInvalidError("postgres", "a pg.Pool, a PGlite or a function that answers one", postgres);
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema))
    throw new OptionInvalidError("schema", "a simple identifier", schema);
  return new PostgresBroker(postgres, schema, close);
}

function onRedis({
  redis,
  prefix = defaultPrefix,
  keepFinished = 0,
  allowNoPersistence = false,
}: RedisOptions): Broker {
  if (!/^[\w.-]{1,64}$/.test(prefix))
    throw new OptionInvalidError("prefix", "1 to 64 characters of A–Z a–z 0–9 . _ -", prefix);
  if (!Number.isInteger(keepFinished) || keepFinished < 0 || keepFinished > mostFinished) {
    throw new OptionInvalidError("keepFinished", `a whole number from 0 to ${mostFinished}`, keepFinished);
  }
  return new RedisBroker(redis, { prefix, keepFinished, allowNoPersistence });
}

const mostFinished = 10_000;

class BullmqQueue implements Queue {
  readonly ports: 1 = 1;
  readonly features: QueueFeatures;
  readonly #broker: Broker;
  readonly #warnings: readonly string[];
  readonly #lanes = new Map<string, Lane>();
  readonly #consumers = new Set<Consumer>();
  #starting: Promise<{ readonly warnings: readonly string[] }> | undefined;
  #started: { host: Host; clock: Clock; registry: LaneRegistry } | undefined;
  #disposing: Promise<void> | undefined;

  constructor(broker: Broker, warnings: readonly string[]) {
    this.#broker = broker;
    this.#warnings = warnings;
    this.features = broker.features;
  }

  start(host: Host): Promise<{ readonly warnings: readonly string[] }> {
    if (this.#disposing) return Promise.reject(closed());
    this.#starting ??= this.#start(host).catch((error) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(host: Host): Promise<{ readonly warnings: readonly string[] }> {
    const warnings = await this.#broker.open((text, error) => this.#report(host, text, error));
    const { clock, namespace } = host;
    this.#started = { host, clock, registry: new LaneRegistry(namespace, this.#broker, clock) };
    return { warnings: [...this.#warnings, ...warnings] };
  }

  #report(host: Host, text: string, error: unknown): void {
    if (!this.#disposing) host.report({ text, error });
  }

  /** What `start` has made. */
  #use(): { host: Host; clock: Clock; registry: LaneRegistry } {
    if (this.#disposing) throw closed();
    if (!this.#started) throw new SemelError("QUEUE_UNAVAILABLE", "the queue is not started", { isRetryable: true });
    return this.#started;
  }

  #lane(name: string): Lane {
    const { host, clock } = this.#use();
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane = new Lane(name, host.namespace, this.#broker, clock, (text, error) => this.#report(host, text, error));
    this.#lanes.set(name, lane);
    return lane;
  }

  async add(additions: readonly Addition[]): Promise<readonly Added[]> {
    const { registry } = this.#use();
    const byLane = Map.groupBy(additions.keys(), (index) => additions[index]?.lane ?? "");
    const answers = new Array<Added>(additions.length);
    await Promise.all(
      [...byLane].map(async ([name, indexes]) => {
        const group = indexes.flatMap((index) => additions[index] ?? []);
        await registry.enter(group);
        const added = await this.#lane(name).add(group);
        for (const [at, index] of indexes.entries()) answers[index] = added[at] as Added;
      }),
    );
    return answers;
  }

  async consume(
    name: string,
    options: ConsumeOptions,
    handle: (delivery: Delivery) => Promise<Disposition>,
  ): Promise<Consumer> {
    const consumer = await this.#lane(name).consume(options, handle, (done) => this.#consumers.delete(done));
    if (this.#disposing) {
      await consumer[Symbol.asyncDispose]();
      throw closed();
    }
    this.#consumers.add(consumer);
    return consumer;
  }

  async has(lane: string, id: JobId): Promise<boolean> {
    return this.#lane(lane).has(id);
  }

  async remove(lane: string, id: JobId): Promise<"removed" | "running" | "absent"> {
    return this.#lane(lane).remove(id);
  }

  async hold(lane: string, until?: number): Promise<void> {
    return this.#lane(lane).hold({ until: until ?? null });
  }

  async release(lane: string): Promise<void> {
    return this.#lane(lane).hold("released");
  }

  async limit(lane: string, concurrency: number | undefined): Promise<void> {
    return this.#lane(lane).limit(concurrency);
  }

  async counts(lane: string): Promise<LaneCounts> {
    return this.#lane(lane).counts();
  }

  async lanes(): Promise<readonly { readonly lane: string; readonly types: readonly string[] }[]> {
    return this.#use().registry.lanes();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await Promise.all([...this.#consumers].map((consumer) => consumer[Symbol.asyncDispose]()));
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    await this.#started?.registry.close();
    await this.#broker.close();
  }
}

function closed(): SemelError {
  return new SemelError("CLOSED", "the queue is disposed of");
}
