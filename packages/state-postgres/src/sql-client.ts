/**
 * What the store needs of a client: one method. A `pg.Pool`, a `pg.Client`, a PGlite and most wrappers around them have
 * it. Every call is a single statement that commits by itself, so a client may be shared with anything else. Only
 * transactions send `BEGIN`, on a connection they keep to themselves meanwhile.
 */
export interface SqlClient {
  /** @param params values of `$1`, `$2` …: texts, numbers, booleans, `null`, and arrays of these. */
  query(text: string, params?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** Sends one statement. Rejects with whatever the client rejects with. */
export async function ask<Row>(client: SqlClient, text: string, params: unknown[] = []): Promise<readonly Row[]> {
  try {
    const { rows } = await client.query(text, params);
    return rows as readonly Row[];
  } catch (error) {
    // PGlite hangs the parameters on its errors. Errors are logged, and what people store in jobs must not be.
    if (typeof error === "object" && error !== null && "params" in error) delete error.params;
    throw error;
  }
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
