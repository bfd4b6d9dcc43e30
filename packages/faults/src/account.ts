import type { Semel } from "@semel/core";
import { waitFor } from "@semel/testing";
import { exactly, type Figure, told } from "./figure.ts";

/** What became of jobs whose enqueue was confirmed. */
export interface Account {
  readonly enqueued: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Pending, delayed, running or retrying. */
  readonly waiting: number;
  /** Nobody knows them any more. */
  readonly absent: number;
  /** Jobs that ended, or wait, at a later attempt than their first. */
  readonly burnt: number;
  readonly crashes: number;
}

/** How many are asked about at once. */
const atOnce = 200;

export async function accountOf(semel: Semel, ids: readonly string[]): Promise<Account> {
  const account = {
    enqueued: ids.length,
    completed: 0,
    dead: 0,
    cancelled: 0,
    waiting: 0,
    absent: 0,
    burnt: 0,
    crashes: 0,
  };
  for (let from = 0; from < ids.length; from += atOnce) {
    const some = await Promise.all(ids.slice(from, from + atOnce).map((id) => semel.status(id)));
    for (const status of some) {
      if (!status) account.absent += 1;
      else if (status.state === "completed" || status.state === "dead" || status.state === "cancelled")
        account[status.state] += 1;
      else account.waiting += 1;
      account.burnt += status && status.attempt > 1 ? 1 : 0;
      account.crashes += status?.crashes ?? 0;
    }
  }
  return account;
}

/** Waits until all that was enqueued has ended, or is known to be lost. */
export async function settledAccount(semel: Semel, ids: readonly string[], deadlineMs: number): Promise<Account> {
  let account = await accountOf(semel, ids);
  await waitFor(
    async () => {
      account = await accountOf(semel, ids);
      return account.waiting === 0;
    },
    { what: "everything that was enqueued to end", deadlineMs },
    // What still waits is in the account.
  ).catch(() => undefined);
  return account;
}

/** The one equation that every run ends with. */
export function balance({ enqueued, completed, dead, cancelled, waiting }: Account, where = ""): readonly Figure[] {
  const parts = [
    [completed, "completed"],
    [dead, "dead"],
    [cancelled, "cancelled"],
    [waiting, "waiting"],
  ] as const;
  const sum = parts
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`)
    .join(" + ");
  return [
    told(`${where}enqueued`, `${enqueued} = ${sum || "0"}`),
    exactly(`${where}jobs lost`, 0, enqueued - completed - dead - cancelled - waiting),
  ];
}
