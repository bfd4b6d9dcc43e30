import { SemelError } from "../errors/semel-error.ts";
import type { Waiting } from "../idempotency/job-record.ts";
import type { GuardKey } from "../job/identity.ts";

/** A child as errors and letters name it. */
export interface NamedChild {
  readonly index: number;
  readonly type: string;
  readonly id: string | undefined;
  readonly state: string;
  readonly reason?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** What an attempt is told to wait for. */
export interface WaitsFor extends Waiting {
  /** When the parent is to look again. */
  readonly nextInMs: number;
  /** Some of those that have not ended. */
  readonly open: readonly NamedChild[];
  /** Where the records are of all that have not. */
  readonly keys: readonly GuardKey[];
  /** When it was looked, on the monotonic clock. */
  readonly lookedAt: number;
}

/** Of all groups of an attempt together. */
export function together(groups: readonly WaitsFor[]): WaitsFor {
  const sum = (count: (one: WaitsFor) => number): number => groups.reduce((all, one) => all + count(one), 0);
  return {
    total: sum(({ total }) => total),
    ended: sum(({ ended }) => ended),
    failed: sum(({ failed }) => failed),
    nextInMs: Math.min(...groups.map(({ nextInMs }) => nextInMs)),
    open: groups.flatMap(({ open }) => open),
    keys: groups.flatMap(({ keys }) => keys),
    lookedAt: Math.min(...groups.map(({ lookedAt }) => lookedAt)),
  };
}

/** What unwinds the processor while its children have not ended. It comes back by itself, so it need not be caught. */
export const waitingError = (name: string, { total, ended }: Waiting): SemelError =>
  new SemelError(
    "WAITING_FOR_CHILDREN",
    `children("${name}"): ${total - ended} of ${total} have not ended; the attempt ends here, and the job comes back when they have`,
    { isRetryable: true, details: { name, total, ended } },
  );

/** @param named the first of them. */
export const childrenFailed = (
  name: string,
  failed: number,
  total: number,
  named: readonly NamedChild[],
): SemelError => {
  const [first] = named;
  const why = first
    ? `; the first: ${first.type} ${first.id ?? `at ${first.index}`} is ${first.reason ?? first.state}`
    : "";
  return new SemelError("CHILDREN_FAILED", `children("${name}"): ${failed} of ${total} failed${why}`, {
    details: { name, failed, total, children: named },
  });
};
