import type { RedisClient } from "./redis-client.ts";

interface Node {
  readonly host: string;
  readonly port: number;
}

interface Access {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `true`, or Node's TLS options (`ca`, `servername`, …). */
  readonly tls?: boolean | Readonly<Record<string, unknown>> | undefined;
  /** Passed to ioredis as they are; what would break a promise (retries, offline queues) is set by Semel. */
  readonly ioredis?: Readonly<Record<string, unknown>> | undefined;
}

/** One server. */
export interface RedisServer extends Access {
  /** `redis://` or `rediss://`, with percent-encoded user and password, and the database as its path. */
  readonly url: string;
}

/** A primary that Sentinels know. */
export interface RedisSentinels extends Access {
  readonly sentinels: readonly Node[];
  /** The name the Sentinels know it by. */
  readonly name: string;
  readonly db?: number | undefined;
}

/** A Redis Cluster. */
export interface RedisCluster extends Access {
  /** Some of its nodes: addresses or URLs. */
  readonly cluster: readonly (Node | string)[];
}

/** Where Redis is: a URL, one of the shapes above, or an ioredis `Redis` or `Cluster` of yours, which stays open. */
export type RedisSource = string | RedisServer | RedisSentinels | RedisCluster | RedisClient;
