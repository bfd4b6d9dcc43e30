/*
 * What the programs would import from elsewhere: a model provider with the shape of the usual client, and a database.
 * Both remember what was asked of them, so that the tests can count effects.
 */

interface EmbeddingAnswer {
  readonly data: readonly { readonly embedding: readonly number[] }[];
  readonly usage: { readonly total_tokens: number };
}

/** A provider that honours idempotency keys: the same key is charged once. */
export class FakeOpenAI {
  readonly charged = new Map<string, EmbeddingAnswer>();
  calls = 0;

  readonly embeddings = {
    create: async (
      request: { model: string; input: string },
      options: { idempotencyKey?: string; signal?: AbortSignal },
    ): Promise<EmbeddingAnswer> => {
      options.signal?.throwIfAborted();
      this.calls++;
      const key = options.idempotencyKey ?? `call-${this.calls}`;
      const known = this.charged.get(key);
      if (known) return known;
      const answer = {
        data: [{ embedding: Array.from(request.input, (letter) => (letter.codePointAt(0) ?? 0) / 128) }],
        usage: { total_tokens: request.input.length },
      };
      this.charged.set(key, answer);
      return answer;
    },
  };
}

export interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly [field: string]: unknown;
}

/** Tables by name, rows by id. */
export class FakeDatabase {
  readonly #tables = new Map<string, Map<string, Row>>();

  #table(name: string): Map<string, Row> {
    const table = this.#tables.get(name) ?? new Map<string, Row>();
    this.#tables.set(name, table);
    return table;
  }

  async find(table: string, tenant: string, id: string): Promise<Row | undefined> {
    const row = this.#table(table).get(id);
    return row?.tenant === tenant ? row : undefined;
  }

  /** Refuses a row of an older fence, as `… WHERE fence <= excluded.fence` does. */
  async upsert(table: string, row: Row & { readonly fence?: number }): Promise<Row> {
    const known = this.#table(table).get(row.id);
    if (typeof known?.fence === "number" && row.fence !== undefined && known.fence > row.fence)
      throw new Error(`a later run has written ${table}/${row.id} already`);
    this.#table(table).set(row.id, row);
    return row;
  }

  count(table: string): number {
    return this.#table(table).size;
  }
}
