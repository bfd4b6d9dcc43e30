/**
 * What the store needs of a client: one method. A `pg.Pool`, a `pg.Client`, a PGlite and most wrappers around them have
 * it. Every call is a single statement that commits by itself; the store never sends `BEGIN`, so a client may be shared
 * with anything else.
 */
export interface SqlClient {
  /** @param params values of `$1`, `$2` …: texts, numbers, booleans, `null`, and arrays of these. */
  query(text: string, params?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * Whether PostgreSQL rolled the statement back only because of others at work: sending it again is safe and helps.
 * 40P01 is a deadlock; 40001 is what a lost compare-and-set looks like where the database defaults to a stricter
 * isolation than READ COMMITTED.
 */
export function isConflict(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return code === "40P01" || code === "40001";
}
