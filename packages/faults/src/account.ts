import type { Semel } from "@semel/core";
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
/** How often those that have not ended are looked at again. Whoever looks without a pause slows down what is waited for. */
const lookEveryMs = 250;

type Status = Awaited<ReturnType<Semel["status"]>>;

const hasEnded = (status: Status): boolean =>
  status === undefined || status.state === "completed" || status.state === "dead" || status.state === "cancelled";

/**
 * Waits until all that was enqueued has ended, or is known to be lost.
 * @param patienceMs gives up when nothing has ended for so long; what still waits is in the account.
 */
export async function settledAccount(semel: Semel, ids: readonly string[], patienceMs: number): Promise<Account> {
  const statuses = new Map<string, Status>();
  let left: readonly string[] = ids;
  let changedAt = performance.now();
  for (;;) {
    for (let from = 0; from < left.length; from += atOnce) {
      const some = left.slice(from, from + atOnce);
      for (const [at, status] of (await Promise.all(some.map((id) => semel.status(id)))).entries())
        statuses.set(some[at] ?? "", status);
    }
    const still = left.filter((id) => !hasEnded(statuses.get(id)));
    if (still.length < left.length) changedAt = performance.now();
    left = still;
    if (left.length === 0 || performance.now() - changedAt > patienceMs)
      return accountOf(ids.map((id) => statuses.get(id)));
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

function accountOf(statuses: readonly Status[]): Account {
  const states = (...names: readonly string[]): number =>
    statuses.filter((status) => status && names.includes(status.state)).length;
  return {
    enqueued: statuses.length,
    completed: states("completed"),
    dead: states("dead"),
    cancelled: states("cancelled"),
    waiting: states("pending", "delayed", "retrying", "running"),
    absent: statuses.filter((status) => status === undefined).length,
    burnt: statuses.filter((status) => (status?.attempt ?? 1) > 1).length,
    crashes: statuses.reduce((sum, status) => sum + (status?.crashes ?? 0), 0),
  };
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
