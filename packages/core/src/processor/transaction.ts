/** A database client in the middle of a transaction: a `pg.PoolClient` after `BEGIN`, the `tx` of PGlite's `transaction`. */
export interface TransactionClient {
  /** @param params values of `$1`, `$2` … */
  query(text: string, params?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * The transaction in which a job completes, open as long as the function runs that it was given to. Begin, commit and roll
 * back are Semel's: the function writes its rows, and throws to undo them.
 */
export interface Transaction extends TransactionClient {
  query<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<{ readonly rows: readonly Row[] }>;
  /** The driver's own object, for query builders: a `pg.PoolClient` or PGlite's `Transaction`. */
  readonly client: unknown;
}
