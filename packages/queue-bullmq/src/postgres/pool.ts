/** What a query answers, as node-postgres does. */
export interface PgRows {
  // biome-ignore lint/suspicious/noExplicitAny: rows are what the statement selected; pg types them the same way.
  readonly rows: any[];
  readonly rowCount?: number | null;
}

/** The part of a `pg.PoolClient` that is needed: one session, until it is released. */
export interface PgClientLike {
  query(text: string, params?: unknown[]): Promise<PgRows>;
  /** `true` (or an error) closes the session instead of giving it back. */
  release(destroy?: Error | boolean): void;
  // biome-ignore lint/suspicious/noExplicitAny: an event's arguments differ by event; pg overloads the same method.
  on(event: "notification" | "error" | "end", listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
  removeAllListeners(event?: string): unknown;
}

/** The part of a `pg.Pool` that is needed. A real `pg.Pool` fits, and so does `pglitePool(db)`. */
export interface PgPoolLike {
  connect(): Promise<PgClientLike>;
  query(text: string, params?: unknown[]): Promise<PgRows>;
  end(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  on(event: "error" | "connect" | "acquire", listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
}
