import { SemelError } from "@semel/core";
import type {
  AnswersTo,
  EpochMs,
  GuardKey,
  Host,
  JobId,
  JobRecord,
  JobStore,
  JobStoreFeatures,
  LetterBox,
  LetterFilter,
  Operation,
  Signals,
  StoredLetter,
  StoredValue,
  WorkerBeat,
} from "@semel/core/adapter";
import { openRedis, type RedisClient, type RedisConnection, runScript, type Script } from "@semel/redis-connection";
import { applyAll, noteListed } from "./apply.ts";
import { Erasure } from "./erasure.ts";
import { beside, Keys } from "./keys.ts";
import { Letters } from "./letters.ts";
import { checkOptions, type RedisStoreOptions } from "./options.ts";
import { recordOf } from "./record.ts";
import { RedisSignals } from "./redis-signals.ts";
import { text, type Unlisted } from "./replies.ts";
import { besideScript, readScript, resultScript } from "./scripts/reading.ts";
import { beatScript, formatScript, workersScript } from "./scripts/upkeep.ts";
import { toText } from "./text.ts";

/** Records, dead letters and wake-ups in Redis. */
export interface RedisStore extends JobStore, LetterBox {
  /** Wake-ups between all processes on this Redis and namespace. */
  readonly signals: Signals;
}

/** What this package writes. A newer one is refused; see `docs/decisions`. */
const format = 1;

/**
 * A store on Redis 6.2 or newer, Valkey, or a Redis Cluster. Connects to nothing before `start`.
 *
 * @throws `OPTION_INVALID` for options that cannot work. `start` throws `BACKEND_UNSAFE` for a server that could lose
 * jobs (it evicts, takes no writes, is too old) and for keys that a newer version of this package has written.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  return new JobStoreOnRedis(options);
}

class JobStoreOnRedis implements RedisStore {
  readonly ports: 1 = 1;
  readonly features: JobStoreFeatures;
  readonly signals: Signals;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #letters: Letters;
  #host: Host | undefined;
  #keys: Keys | undefined;

  constructor(options: RedisStoreOptions) {
    const { prefix, maxValueBytes } = checkOptions(options);
    this.features = { durable: true, maxValueBytes };
    this.#prefix = prefix;
    const onProblem = (problem: string, error: unknown): void => this.#host?.report({ text: problem, error });
    const { redis, allowNoPersistence } = options;
    this.#connection = isConnection(redis)
      ? redis.share(onProblem)
      : openRedis(redis, { allowNoPersistence, onProblem });
    this.#letters = new Letters(
      () => this.#connection.commands(),
      () => this.#named,
    );
    this.signals = new RedisSignals(this.#connection, (topic) => this.#keys?.channel(topic), onProblem);
  }

  async start(host: Host): Promise<{ readonly now: EpochMs; readonly warnings: readonly string[] }> {
    this.#host = host;
    const keys = new Keys(this.#prefix, host.namespace);
    const { warnings } = await this.#connection.judge();
    const [written = format, now] = (await this.#run(formatScript, [keys.format], [format])) as [number, number];
    if (written > format) {
      throw new SemelError(
        "BACKEND_UNSAFE",
        `the records of namespace "${host.namespace}" have format ${written}, and this version of @semel/state-redis knows ${format}; update it`,
      );
    }
    this.#keys = keys;
    return { now, warnings };
  }

  get #named(): Keys {
    if (this.#keys) return this.#keys;
    throw new SemelError("STORE_UNAVAILABLE", "the store has not been started", { isRetryable: true });
  }

  async #run(script: Script, keys: readonly string[], args: readonly (string | number)[] = []): Promise<unknown> {
    return runScript(await this.#connection.commands(), script, keys, args);
  }

  async apply<const Ops extends readonly Operation[]>(operations: Ops): Promise<AnswersTo<Ops>> {
    const keys = this.#named;
    const client = await this.#connection.commands();
    const { answers, unlisted } = await applyAll(client, this.#connection.isCluster, keys, operations);
    if (unlisted.length > 0) await Promise.all(unlisted.map((letter) => this.#enlist(client, keys, letter)));
    return answers as unknown as AnswersTo<Ops>;
  }

  /** The letter itself was written with the settlement; whoever comes by until it is noted as listed, lists it. */
  async #enlist(client: RedisClient, keys: Keys, letter: Unlisted): Promise<void> {
    await this.#letters.enter(letter);
    // Erased in between, it must not leave its name behind.
    if (!(await noteListed(client, keys, letter))) await this.#letters.remove([letter.id]);
  }

  async read(keys: readonly GuardKey[]): Promise<readonly (JobRecord | undefined)[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => this.#named.record(key));
    const calls = this.#connection.isCluster ? names.map((name) => [name]) : [names];
    const rows = await Promise.all(calls.map((some) => this.#run(readScript, some)));
    return (rows.flat() as readonly (readonly unknown[] | null)[]).map((fields, index) =>
      fields ? recordOf(keys[index] ?? "", fields) : undefined,
    );
  }

  async result(key: GuardKey): Promise<StoredValue | undefined> {
    return this.#beside(resultScript, key, beside.result);
  }

  async envelope(key: GuardKey): Promise<string | undefined> {
    return this.#beside(besideScript, key, beside.envelope);
  }

  async #beside(script: Script, key: GuardKey, suffix: string): Promise<string | undefined> {
    const name = this.#named.record(key);
    return text(await this.#run(script, [name, name + suffix]));
  }

  async forget(filter: { readonly tenant: string } | { readonly key: GuardKey }): Promise<number> {
    const erasure = new Erasure(await this.#connection.commands(), this.#connection.isCluster, this.#letters);
    if ("key" in filter) return erasure.records([this.#named.record(filter.key)]);
    return erasure.tenant(filter.tenant, this.#named);
  }

  /** Records expire by themselves; the index of letters and the list of workers do not. */
  async sweep(limit: number): Promise<number> {
    await this.workers();
    return this.#letters.sweep(limit);
  }

  async beat(worker: WorkerBeat, keepMs: number): Promise<EpochMs> {
    const args = [worker.id, toText(JSON.stringify(worker)), Math.ceil(keepMs)];
    return (await this.#run(beatScript, [this.#named.workers], args)) as EpochMs;
  }

  async workers(): Promise<readonly WorkerBeat[]> {
    const alive = (await this.#run(workersScript, [this.#named.workers])) as readonly (number | string)[];
    return Array.from({ length: alive.length / 2 }, (_, place) => ({
      ...(JSON.parse(text(alive[2 * place + 1]) ?? "{}") as WorkerBeat),
      seenAt: alive[2 * place] as number,
    }));
  }

  list(
    filter: LetterFilter,
    page: { readonly limit: number; readonly after?: StoredLetter | undefined },
  ): Promise<readonly StoredLetter[]> {
    return this.#letters.list(filter, page);
  }

  get(id: JobId): Promise<StoredLetter | undefined> {
    return this.#letters.get(id);
  }

  groups(filter: LetterFilter): ReturnType<LetterBox["groups"]> {
    return this.#letters.groups(filter);
  }

  purge(filter: LetterFilter | { readonly id: JobId }): Promise<number> {
    return this.#letters.purge(filter);
  }

  /** Calls after this reject with `CLOSED`. A client or connection that was handed in stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.signals[Symbol.asyncDispose]();
    await this.#connection.close();
  }
}

const isConnection = (redis: RedisStoreOptions["redis"]): redis is RedisConnection =>
  typeof redis === "object" && "share" in redis && "commands" in redis;
