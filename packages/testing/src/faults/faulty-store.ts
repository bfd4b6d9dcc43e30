import type { JobStore, LetterBox, Operation } from "@semel/core/adapter";
import type { FaultDiary } from "./fault-plan.ts";
import { inFrontOf } from "./faulty-object.ts";
import { type Faults, FaultyPort } from "./faulty-port.ts";

/** Transactions of the application are passed through as they are. */
type Verb = Exclude<keyof JobStore, "ports" | "features" | "transactions" | typeof Symbol.asyncDispose>;
type LetterVerb = Exclude<keyof LetterBox, typeof Symbol.asyncDispose>;

/** Where a store can fail: at its verbs, at the operations it applies, and at the verbs of its letter box. */
export type StorePoints = { readonly [V in Verb]: Parameters<JobStore[V]> } & {
  readonly [V in LetterVerb]: Parameters<LetterBox[V]>;
} & { readonly [O in Operation as O["op"]]: O };

export type FaultyStore<S = JobStore> = S & Faults<StorePoints>;

const letterVerbs = Object.keys({ list: 0, get: 0, groups: 0, purge: 0 } satisfies Record<LetterVerb, 0>);
const verbs = Object.keys({
  start: 0,
  apply: 0,
  read: 0,
  result: 0,
  envelope: 0,
  forget: 0,
  sweep: 0,
  beat: 0,
  workers: 0,
} satisfies Record<Verb, 0>);
const operations = Object.keys({
  reserve: 0,
  unreserve: 0,
  claim: 0,
  renew: 0,
  settle: 0,
  cancel: 0,
  redrive: 0,
  "step-begin": 0,
  "step-end": 0,
  "follow-ups-sent": 0,
  "step-decide": 0,
} satisfies Record<Operation["op"], 0>);

type Method = (...args: unknown[]) => Promise<unknown>;

/** @param name how the diary calls it. */
export function faultyStore<S extends JobStore | LetterBox>(store: S, name: string, diary: FaultDiary): FaultyStore<S> {
  const port = new FaultyPort(name, [...verbs, ...letterVerbs, ...operations], diary);
  const own: Record<PropertyKey, unknown> = {};
  for (const verb of [...verbs, ...letterVerbs]) {
    const method: unknown = Reflect.get(store, verb);
    if (typeof method !== "function") continue;
    own[verb] = (...args: unknown[]) => {
      if (verb === "start") port.started(args[0] as Parameters<JobStore["start"]>[0]);
      // An application of operations is known by theirs too.
      const applied = verb === "apply" ? (args[0] as readonly Operation[]) : [];
      const calls = [...applied.map((one) => ({ point: one.op, call: one })), { point: verb, call: args }];
      return port.call(calls, () => (method as Method).apply(store, args));
    };
  }
  own[Symbol.asyncDispose] = () => port.call([], async () => (store as Partial<JobStore>)[Symbol.asyncDispose]?.());
  return inFrontOf(inFrontOf(store, own), port.controls) as unknown as FaultyStore<S>;
}
