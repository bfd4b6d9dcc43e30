import type {
  AnswerTo,
  Claim,
  JobStore,
  Operation,
  Reserve,
  Settle,
  Settlement,
  StepBegin,
  StepEnd,
  WorkerBeat,
} from "@semel/core/adapter";

/*
 * Operations with everything filled in that a test is not about.
 */

export const minute = 60_000;
export const day = 86_400_000;

/** Shaped as core makes them: 32 characters of base64url. */
export const keyOf = (name: string | number): string => `${name}`.padEnd(32, "-_09azAZ").slice(0, 32);

const introduction = (key: string) => ({
  key,
  id: `${key}.a`,
  type: "mail.send",
  lane: "mail",
  tenant: undefined,
  fingerprint: "print",
  version: 1,
  delayMs: 0,
  deadlineMs: day,
});

export const reserve = (key: string, over: Partial<Reserve> = {}): Reserve => ({
  op: "reserve",
  ...introduction(key),
  onDead: "rerun",
  onCompleted: "replay",
  force: false,
  ...over,
});

export const claim = (key: string, over: Partial<Claim> = {}): Claim => ({
  op: "claim",
  ...introduction(key),
  owner: "worker:1",
  leaseMs: minute,
  maxCrashes: 3,
  ...over,
});

export const settle = (key: string, fence: number, as: Settlement, owner = "worker:1"): Settle => ({
  op: "settle",
  key,
  owner,
  fence,
  as,
});

type As<State extends Settlement["state"]> = Partial<Extract<Settlement, { state: State }>>;

export const completed = (result: string | undefined, over: As<"completed"> = {}): Settlement => ({
  state: "completed",
  kind: { kind: "stored" },
  result,
  keepMs: day,
  followUps: undefined,
  envelope: undefined,
  ...over,
});

export const dead = (over: As<"dead"> = {}): Settlement => ({
  state: "dead",
  reason: "REJECTED",
  error: { code: "REJECTED", message: "no" },
  letter: { group: "group", body: "{}", keepMs: 14 * day },
  keepMs: 15 * day,
  followUps: undefined,
  ...over,
});

export const retrying = (over: As<"retrying"> = {}): Settlement => ({
  state: "retrying",
  counts: "attempt",
  delayMs: 0,
  error: undefined,
  ...over,
});

export const stepBegin = (key: string, fence: number, step: string, over: Partial<StepBegin> = {}): StepBegin => ({
  op: "step-begin",
  key,
  owner: "worker:1",
  fence,
  step,
  onUncertain: "begin",
  leaseMs: minute,
  ...over,
});

export const stepDone = (key: string, fence: number, step: string, value: string, owner = "worker:1"): StepEnd => ({
  op: "step-end",
  key,
  owner,
  fence,
  step,
  as: { is: "done", value },
});

export const beat = (id: string): WorkerBeat => ({
  id,
  where: "here:1",
  types: [{ type: "mail.send", version: 1 }],
  busy: 0,
  concurrency: 1,
  startedAt: 1,
  seenAt: 1,
});

/** Applies one operation. */
export async function applied<O extends Operation>(store: JobStore, operation: O): Promise<AnswerTo<O>> {
  const [answer] = await store.apply([operation]);
  return answer as AnswerTo<O>;
}

/** Claims a job that has to be free, and answers its fence. */
export async function claimed(store: JobStore, key: string, over: Partial<Claim> = {}): Promise<number> {
  const answer = await applied(store, claim(key, over));
  if (answer.is === "acquired") return answer.fence;
  throw new Error(`expected to acquire ${key}, got ${answer.is}`);
}

/** A job from its reservation to its end. */
export async function ran(store: JobStore, key: string, as: Settlement, over: Partial<Reserve> = {}): Promise<number> {
  await store.apply([reserve(key, over)]);
  const { id, type, lane, tenant, fingerprint } = reserve(key, over);
  const fence = await claimed(store, key, { id, type, lane, tenant, fingerprint });
  await store.apply([settle(key, fence, as)]);
  return fence;
}
