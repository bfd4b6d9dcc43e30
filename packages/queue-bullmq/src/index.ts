export { type BullmqQueueOptions, bullmqQueue, type PostgresOptions, type RedisOptions } from "./bullmq-queue.ts";
export { type PGliteLike, type PGliteSession, pglitePool } from "./postgres/pglite-pool.ts";
export type { PgClientLike, PgPoolLike, PgRows } from "./postgres/pool.ts";
export type { PostgresClient, PostgresSource } from "./postgres/postgres-broker.ts";
export { bullQueueName } from "./redis/bull-queue-name.ts";
