import { type Answer, type Decision, decide, type JobRecord, type Operation } from "@semel/core/adapter";
import type { Decide } from "../src/simulation/machine.ts";

/*
 * The state machine with one mistake each, of the kind that somebody might make. What watches over the simulation has to
 * notice every one of them, or it proves nothing.
 */

type Written = NonNullable<Decision<Operation>["writes"]>;

/** One that decides as it should, and then makes its mistake. */
function mistaken(
  mistake: (operation: Operation, decided: Decision<Operation>, found: JobRecord | undefined) => Decision<Operation>,
): Decide {
  const wrong = (operation: Operation, ...rest: [Parameters<Decide>[1], number, (() => number)?]) =>
    mistake(operation, decide(operation, ...rest), rest[0].record);
  return wrong as Decide;
}

/** One that is given something else to decide. */
function misled(
  mislead: (
    operation: Operation,
    loaded: Parameters<Decide>[1],
    now: number,
  ) => readonly [Operation, Parameters<Decide>[1]],
): Decide {
  const wrong = (operation: Operation, loaded: Parameters<Decide>[1], now: number, random?: () => number) =>
    decide(...mislead(operation, loaded, now), now, random);
  return wrong as Decide;
}

const withRecord = (decided: Decision<Operation>, change: (record: JobRecord) => JobRecord): Decision<Operation> => {
  const { writes } = decided;
  if (!writes?.record) return decided;
  const record = change(writes.record);
  return { ...decided, writes: { ...(writes as Written), record } };
};

/** Whoever writes is taken for the one who holds the lease. */
const asHolder: Decide = misled((operation, loaded) => {
  const { record } = loaded;
  if (!("fence" in operation) || operation.op === "step-end" || !record) return [operation, loaded];
  return [{ ...operation, fence: record.fence, owner: record.owner ?? operation.owner }, loaded];
});

export const mutants: Readonly<Record<string, Decide>> = {
  "the beginning of a step does not extend the lease": mistaken((operation, decided, found) =>
    operation.op === "step-begin"
      ? withRecord(decided, (record) => ({ ...record, leaseUntil: found?.leaseUntil }))
      : decided,
  ),
  "a renewal does not extend the lease": mistaken((operation, decided, found) =>
    operation.op === "renew"
      ? withRecord(decided, (record) => ({ ...record, leaseUntil: found?.leaseUntil }))
      : decided,
  ),
  "a stale fence is accepted": asHolder,
  "a claim does not look at the lease": misled((operation, loaded) => [
    operation,
    operation.op === "claim" && loaded.record ? { ...loaded, record: { ...loaded.record, leaseUntil: 0 } } : loaded,
  ]),
  "the fence of a take-over is the one before": mistaken((operation, { answer, writes }, found) => {
    if (operation.op !== "claim" || answer.is !== "acquired" || found?.state !== "running")
      return decidedAs(answer, writes);
    return withRecord(decidedAs({ ...answer, fence: found.fence } as Answer, writes), (record) => ({
      ...record,
      fence: found.fence,
    }));
  }),
  "a claim that is sent again counts as a crash": misled((operation, loaded) => {
    const { record } = loaded;
    const isResend = operation.op === "claim" && record?.state === "running" && record.owner === operation.owner;
    return [operation, isResend ? { ...loaded, record: { ...record, owner: "somebody", leaseUntil: 0 } } : loaded];
  }),
  "a take-over counts as a failed attempt": mistaken((operation, decided, found) =>
    operation.op === "claim" && decided.answer.is === "acquired" && found?.state === "running"
      ? {
          ...withRecord(decided, (record) => ({ ...record, failures: record.failures + 1 })),
          answer: {
            ...decided.answer,
            attempt: ("attempt" in decided.answer ? decided.answer.attempt : 0) + 1,
          } as Answer,
        }
      : decided,
  ),
  "a take-over forgets the steps": mistaken((operation, decided, found) =>
    operation.op === "claim" && found?.state === "running" && found.owner !== operation.owner && decided.writes
      ? { ...decided, writes: { ...decided.writes, clearSteps: true } }
      : decided,
  ),
  "a retry forgets the steps": mistaken((operation, decided) =>
    operation.op === "settle" && decided.answer.is === "settled" && operation.as.state === "retrying" && decided.writes
      ? { ...decided, writes: { ...decided.writes, clearSteps: true } }
      : decided,
  ),
  "a late end of a step replaces what is on record": misled((operation, loaded) => {
    if (operation.op !== "step-end" || !loaded.step) return [operation, loaded];
    const { owner, fence } = operation;
    return [operation, { ...loaded, step: { ...loaded.step, value: undefined, owner, fence } }];
  }),
  "a result is settled by whoever comes last": misled((operation, loaded) => {
    const { record } = loaded;
    if (operation.op !== "settle" || record?.state !== "completed") return [operation, loaded];
    const { owner, fence } = operation;
    return [operation, { ...loaded, record: { ...record, state: "running", owner, fence } }];
  }),
  "a completed job is claimed again": misled((operation, loaded) => {
    const { record } = loaded;
    if (operation.op !== "claim" || record?.state !== "completed") return [operation, loaded];
    return [operation, { ...loaded, record: { ...record, state: "retrying" } }];
  }),
  "a repeat of completed work is created anew": misled((operation, loaded) => [
    operation.op === "reserve" && loaded.record?.state === "completed" ? { ...operation, force: true } : operation,
    loaded,
  ]),
};

const decidedAs = (answer: Answer, writes: Decision<Operation>["writes"]): Decision<Operation> =>
  writes ? { answer, writes } : { answer };
