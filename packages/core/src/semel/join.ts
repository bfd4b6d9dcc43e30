import type { StoreTransactions } from "../idempotency/store-transactions.ts";
import type { TransactionClient } from "../processor/transaction.ts";
import { type Admission, inPlaceOf } from "./admit.ts";
import type { Prepared } from "./prepare.ts";

/**
 * Reserves within the caller's transaction, and leaves the delivery beside it for the {@link Relay}: all of it is committed
 * with the caller's rows, or nothing is.
 */
export function join(
  transactions: StoreTransactions,
  client: TransactionClient,
  { reserve, addition }: Prepared,
): Promise<Admission> {
  return transactions.join(client, async (open) => {
    if (!reserve) return { is: "created", id: addition.id };
    const [reserved] = await open.apply([reserve]);
    if (reserved.is === "created") {
      await open.post([addition]);
      return { is: "created", id: addition.id };
    }
    // Its delivery should have come long ago. The queue is not asked: this is the caller's transaction, and must be short.
    if (reserved.is === "duplicate" && reserved.overdue) await open.post([inPlaceOf(addition, reserved.id)]);
    return reserved;
  });
}
