export type { PostgresStoreOptions, WithClient, WithUrl } from "./options.ts";
export { type PostgresStore, postgresStore } from "./postgres-store.ts";
export type { SqlClient } from "./sql-client.ts";
