/**
 * What Semel needs of a client: the shape that `Redis` and `Cluster` of ioredis 5 and 6 have in common. Structural, so
 * that a second copy or another version of ioredis in one application is no type error.
 */
export interface RedisClient {
  readonly status: string;
  /** Any command; a `Cluster` finds the node by the command's first key. */
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: each event has arguments of its own.
  on(event: string, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  off(event: string, listener: (...args: any[]) => void): unknown;
  connect(): Promise<void>;
  quit(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  // biome-ignore lint/suspicious/noExplicitAny: a client's options are its own business; we only hand them over.
  duplicate(...overrides: any[]): RedisClient;
  readonly options: object;
  /** Of a `Cluster`. */
  nodes?(role?: "all" | "master" | "slave"): RedisClient[];
}
