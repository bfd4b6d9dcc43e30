import { randomUUID } from "node:crypto";
import { SemelError } from "@semel/core";
import type {
  Addition,
  AnswersTo,
  JobId,
  OpenTransaction,
  Operation,
  StoreTransactions,
  Transaction,
  TransactionClient,
} from "@semel/core/adapter";
import { BatchApplier } from "./apply.ts";
import type { Connection } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import { ask, type SqlClient } from "./sql-client.ts";

/** Jobs and the application's rows in one commit. */
export class Transactions implements StoreTransactions {
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #namespace: () => string;
  readonly #outbox: Outbox;
  /** What joins one client takes turns: savepoints that overlap would undo each other. */
  readonly #turns = new WeakMap<TransactionClient, Promise<unknown>>();

  /** @param schema quoted */
  constructor(connection: Connection, schema: string, namespace: () => string) {
    this.#connection = connection;
    this.#schema = schema;
    this.#namespace = namespace;
    this.#outbox = new Outbox(schema);
  }

  run<T>(work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    return this.#connection.transaction(async (client) => {
      // Gone as soon as the transaction is: whoever ends it behind our back is found out. A utility statement, so that the
      // function may still set the isolation level.
      const token = randomUUID();
      await ask(client, `SET LOCAL semel.transaction = '${token}'`);
      let isOver = false;
      const assertOpen = async (): Promise<void> => {
        const sql = "SELECT current_setting('semel.transaction', true) AS token";
        const [found] = await ask<{ token: string | null }>(client, sql);
        if (found?.token !== token) throw ended("the function given to `transaction` ended the transaction itself");
      };
      const handle: Transaction = {
        client,
        async query<Row>(text: string, params?: unknown[]) {
          if (isOver) throw ended("it was used after the function given to `transaction` had come to its end");
          return (await client.query(text, params)) as { readonly rows: readonly Row[] };
        },
      };
      try {
        return await work(this.#open(client, handle, assertOpen));
      } finally {
        isOver = true;
      }
    });
  }

  join<T>(client: TransactionClient, work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    const before = this.#turns.get(client) ?? Promise.resolve();
    const turn = before.then(() => this.#joined(client, work));
    this.#turns.set(
      client,
      turn.catch(() => {}),
    );
    return turn;
  }

  async #joined<T>(client: TransactionClient, work: (open: OpenTransaction) => Promise<T>): Promise<T> {
    try {
      // Only inside a transaction is there such a thing; and what fails here need not end the caller's.
      await ask(client, "SAVEPOINT semel");
    } catch (error) {
      throw isWithout(error) ? noTransaction(error) : error;
    }
    try {
      const handle: Transaction = { client, query: client.query.bind(client) as Transaction["query"] };
      const done = await work(this.#open(client, handle, async () => {}));
      await ask(client, "RELEASE SAVEPOINT semel");
      return done;
    } catch (error) {
      await ask(client, "ROLLBACK TO SAVEPOINT semel").catch(() => {});
      throw (error as { code?: unknown }).code === "42P01" ? elsewhere(error) : error;
    }
  }

  #open(client: SqlClient, handle: Transaction, assertOpen: () => Promise<void>): OpenTransaction {
    const own = { query: <Row>(text: string, params?: unknown[]) => ask<Row>(client, text, params) };
    const applier = new BatchApplier(own, this.#schema, true);
    return {
      handle,
      apply: async <const Ops extends readonly Operation[]>(operations: Ops) => {
        await assertOpen();
        return (await applier.apply(operations, this.#namespace())) as unknown as AnswersTo<Ops>;
      },
      post: (additions) => this.#outbox.post(own, this.#namespace(), additions),
    };
  }

  due(limit: number, againMs: number): Promise<readonly Addition[]> {
    return this.#outbox.due(this.#connection, this.#namespace(), limit, againMs);
  }

  isPosted(id: JobId): Promise<boolean> {
    return this.#outbox.isPosted(this.#connection, this.#namespace(), id);
  }

  sent(ids: readonly JobId[]): Promise<void> {
    return this.#outbox.sent(this.#connection, this.#namespace(), ids);
  }
}

const ended = (why: string): SemelError =>
  new SemelError("TRANSACTION_ENDED", `${why}; commit and roll back are Semel's: return, or throw`);

/** 25P01: a savepoint outside of a transaction. */
const isWithout = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "25P01";

const noTransaction = (cause: unknown): SemelError =>
  new SemelError(
    "OPTION_INVALID",
    "enqueue.transaction: expected a client with a transaction open (the one that sent BEGIN, not its pool), got one without",
    { cause, details: { option: "enqueue.transaction" } },
  );

const elsewhere = (cause: unknown): SemelError =>
  new SemelError(
    "OPTION_INVALID",
    "enqueue.transaction: expected a client of the database the store's tables are in, got one that does not find them",
    { cause, details: { option: "enqueue.transaction" } },
  );
