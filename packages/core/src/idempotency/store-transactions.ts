import { SemelError } from "../errors/semel-error.ts";
import type { JobId } from "../job/identity.ts";
import type { Transaction, TransactionClient } from "../processor/transaction.ts";
import type { Addition } from "../queue/queue.ts";
import type { AnswersTo, Operation } from "./operations.ts";

/** What can be done inside a transaction, so that it is committed with everything else in it, or not at all. */
export interface OpenTransaction {
  /** What the caller's own rows are written with. */
  readonly handle: Transaction;
  /** As `JobStore.apply`. A record it writes is locked until the transaction ends. */
  apply<const Ops extends readonly Operation[]>(operations: Ops): Promise<AnswersTo<Ops>>;
  /** Leaves additions to be given to the queue once they are committed: they are `due` then. */
  post(additions: readonly Addition[]): Promise<void>;
}

/** The part of a store that shares its database with the application. Absent where records and rows cannot share a commit. */
export interface StoreTransactions {
  /**
   * Runs `work` in a transaction, which is committed when it resolves and rolled back when it rejects. Rejects with what
   * `work` rejected with, or with the failure of the commit: whether that went through is unknown then, and what the record
   * says is what happened.
   * @throws `TRANSACTION_UNSUPPORTED` where the store's client cannot keep a connection to itself.
   */
  run<T>(work: (open: OpenTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` within a transaction that the caller has open. If it rejects, what it wrote is undone, and the caller's
   * transaction goes on.
   * @throws `OPTION_INVALID` for a client that has no transaction open, or is connected elsewhere.
   */
  join<T>(client: TransactionClient, work: (open: OpenTransaction) => Promise<T>): Promise<T>;
  /**
   * Committed additions that are not known to be in the queue, at most `limit`, with what is left of their delays. Those it
   * answers are due again after `againMs`, unless they are `sent` by then.
   */
  due(limit: number, againMs: number): Promise<readonly Addition[]>;
  /** Whether this addition was committed and is not known to be in the queue yet. */
  isPosted(id: JobId): Promise<boolean>;
  /** They are in the queue. */
  sent(ids: readonly JobId[]): Promise<void>;
}

/** @throws `TRANSACTION_UNSUPPORTED`, which says which stores can. */
export function transactionsOf(store: { readonly transactions?: StoreTransactions | undefined }): StoreTransactions {
  if (store.transactions) return store.transactions;
  throw new SemelError(
    "TRANSACTION_UNSUPPORTED",
    "this store cannot put your rows and a job into one commit; the one of @semel/state-postgres can, and so can @semel/embedded",
  );
}
