import type { EpochMs } from "../runtime/clock.ts";
import type { JobRecord } from "./job-record.ts";
import type * as Op from "./operations.ts";
import { claim, renew, settle } from "./transitions/attempting.ts";
import type { Decision, Loaded } from "./transitions/decision.ts";
import { cancel, followUpsSent, redrive } from "./transitions/operating.ts";
import { reserve, unreserve } from "./transitions/reserving.ts";
import { stepBegin, stepDecide, stepEnd } from "./transitions/stepping.ts";

/*
 * The guard's state machine: what each operation does to a record. It is a pure function, so that it can be read,
 * simulated and tested without a server, and so that stores with compare-and-set (memory, SQL) run this very code.
 * A store that must decide on the server (Redis) writes it again there, and the conformance suite holds the two together.
 *
 *            reserve            claim              settle(completed)
 *   absent ─────────▶ pending ─────────▶ running ───────────────────▶ completed ──┐
 *                        │                │  ▲ │ settle(dead)                     │ reserve (force, or dead and
 *                        │ settle(retry)  │  │ └─────────────────▶ dead ──────────┤ onDead: "rerun"), redrive
 *                 cancel │                ▼  │ claim                              ▼
 *                        │             retrying                                pending
 *                        ▼                │ cancel
 *                    cancelled ◀──────────┘
 *
 *   running ── claim, its lease over ──▶ running: a higher fence, crashes + 1; too many of them, and the claim is
 *   answered as doomed: its owner may do nothing but settle it as dead.
 */

/**
 * Decides one operation at the instant `now`, by the store's clock.
 * @param random uniform in [0, 1): spreads the return of deliveries that found the record busy.
 */
export function decide<O extends Op.Operation>(
  operation: O,
  loaded: Loaded,
  now: EpochMs,
  random: () => number = Math.random,
): Decision<O> {
  const record = loaded.record && loaded.record.expiresAt > now ? loaded.record : undefined;
  const decided = decideAny(operation, record, loaded, now, random);
  return decided as Decision<O>;
}

function decideAny(
  operation: Op.Operation,
  record: JobRecord | undefined,
  loaded: Loaded,
  now: EpochMs,
  random: () => number,
): Decision<Op.Operation> {
  switch (operation.op) {
    case "reserve":
      return reserve(operation, record, now, loaded.record);
    case "unreserve":
      return unreserve(operation, record);
    case "claim":
      return claim(operation, record, now, random, loaded.record);
    case "renew":
      return renew(operation, record, now);
    case "settle":
      return settle(operation, record, now);
    case "cancel":
      return cancel(operation, record, now);
    case "redrive":
      return redrive(operation, record, now);
    case "step-begin":
      return stepBegin(operation, record, loaded.step, now);
    case "step-end":
      return stepEnd(operation, record, loaded.step);
    case "follow-ups-sent":
      return followUpsSent(operation, record);
    case "step-decide":
      return stepDecide(operation, record, loaded.step);
  }
}
