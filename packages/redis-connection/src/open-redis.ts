import { OptionInvalidError } from "@semel/core";
import { ConnectionPool } from "./connection-pool.ts";
import { closed } from "./failure.ts";
import { originOf } from "./origin.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Judgement, RedisConnection, RedisConnectionOptions } from "./redis-connection.ts";
import type { RedisSource } from "./redis-source.ts";

/**
 * Opens the way to a Redis. Connects to nothing yet.
 *
 * @param source a URL, `{ url }`, `{ sentinels, name }`, `{ cluster }`, or a client of ioredis, which is never
 * changed or closed.
 * @throws `OPTION_INVALID` for a source that cannot be understood.
 */
export function openRedis(source: RedisSource, options: RedisConnectionOptions = {}): RedisConnection {
  const known = ["allowNoPersistence", "onProblem"];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new OptionInvalidError(unknown, `one of ${known.join(", ")}`, unknown);
  return new Holder(new ConnectionPool(originOf(source), options), options.onProblem);
}

/** One of those who hold a pool. */
class Holder implements RedisConnection {
  readonly #pool: ConnectionPool;
  readonly #onProblem: RedisConnectionOptions["onProblem"];
  #closing: Promise<void> | undefined;

  constructor(pool: ConnectionPool, onProblem: RedisConnectionOptions["onProblem"]) {
    this.#pool = pool;
    this.#onProblem = onProblem;
    pool.hold(onProblem);
  }

  get isCluster(): boolean {
    return this.#pool.isCluster;
  }

  async commands(): Promise<RedisClient> {
    return await this.#open().commands();
  }

  async patient(): Promise<RedisClient> {
    return await this.#open().patient();
  }

  async subscriber(): Promise<RedisClient> {
    return await this.#open().subscriber();
  }

  async judge(): Promise<Judgement> {
    return await this.#open().judge();
  }

  share(onProblem?: RedisConnectionOptions["onProblem"]): RedisConnection {
    return new Holder(this.#open(), onProblem);
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.release(this.#onProblem);
    return this.#closing;
  }

  #open(): ConnectionPool {
    if (this.#closing !== undefined) throw closed();
    return this.#pool;
  }
}
