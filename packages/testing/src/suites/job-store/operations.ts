import type * as Op from "@semel/core/adapter";

/*
 * Operations with everything filled in that a test is not about. Every builder takes what it is about.
 */

const dayMs = 86_400_000;

/** A guard key, shaped as core makes them: 32 characters of base64url. */
export const keyOf = (name: string): Op.GuardKey => name.padEnd(32, "-_09azAZ").slice(0, 32);

export const idOf = (key: Op.GuardKey, suffix: string): Op.JobId => `${key}.${suffix}`;

/** A job: one way of standing for its key. */
export interface Job extends Op.Introduction {
  readonly key: Op.GuardKey;
}

export function jobFor(key: Op.GuardKey, suffix: string, over: Partial<Job> = {}): Job {
  return {
    key,
    id: idOf(key, suffix),
    type: "mail.send",
    lane: "mail",
    tenant: undefined,
    fingerprint: "f1.abc",
    version: 1,
    delayMs: 0,
    deadlineMs: dayMs,
    ...over,
  };
}

export const reserve = (job: Job, over: Partial<Op.Reserve> = {}): Op.Reserve => ({
  ...job,
  op: "reserve",
  onDead: "rerun",
  onCompleted: "replay",
  force: false,
  ...over,
});

export const claim = (job: Job, owner: string, over: Partial<Op.Claim> = {}): Op.Claim => ({
  ...job,
  op: "claim",
  owner,
  leaseMs: dayMs / 24,
  maxCrashes: 3,
  ...over,
});

/** Who holds what, under which fence: what the writes of a running attempt are made with. */
export interface Held {
  readonly key: Op.GuardKey;
  readonly owner: string;
  readonly fence: number;
}

const held = ({ key, owner, fence }: Held): Held => ({ key, owner, fence });

export const renew = (by: Held, over: Partial<Op.Renew> = {}): Op.Renew => ({
  ...held(by),
  op: "renew",
  leaseMs: dayMs / 24,
  ...over,
});

type As<State extends Op.Settlement["state"]> = Extract<Op.Settlement, { state: State }>;

export const completed = (
  result: string | undefined = '"done"',
  over: Partial<As<"completed">> = {},
): As<"completed"> => ({
  state: "completed",
  kind: { kind: "stored" },
  result,
  keepMs: dayMs,
  followUps: undefined,
  envelope: undefined,
  ...over,
});

export const retrying = (over: Partial<As<"retrying">> = {}): As<"retrying"> => ({
  state: "retrying",
  counts: "attempt",
  delayMs: 0,
  error: undefined,
  ...over,
});

export const letter = (over: Partial<Op.NewLetter> = {}): Op.NewLetter => ({
  group: "group-1",
  body: "{}",
  keepMs: 14 * dayMs,
  ...over,
});

export const dead = (over: Partial<As<"dead">> = {}): As<"dead"> => ({
  state: "dead",
  reason: "ATTEMPTS_EXHAUSTED",
  error: undefined,
  letter: letter(),
  keepMs: dayMs,
  followUps: undefined,
  ...over,
});

export const cancelled = (over: Partial<As<"cancelled">> = {}): As<"cancelled"> => ({
  state: "cancelled",
  by: "ada",
  keepMs: dayMs,
  followUps: undefined,
  ...over,
});

export const settle = (by: Held, as: Op.Settlement): Op.Settle => ({ ...held(by), op: "settle", as });

export const cancel = ({ key, id }: Pick<Job, "key" | "id">, over: Partial<Op.Cancel> = {}): Op.Cancel => ({
  op: "cancel",
  key,
  id,
  by: "ada",
  keepMs: dayMs,
  ...over,
});

export const unreserve = ({ key, id }: Pick<Job, "key" | "id">): Op.Unreserve => ({ op: "unreserve", key, id });

export const redrive = (
  { key, id }: Pick<Job, "key" | "id">,
  newSuffix: string,
  over: Partial<Op.Redrive> = {},
): Op.Redrive => ({
  op: "redrive",
  key,
  id,
  newId: idOf(key, newSuffix),
  steps: "keep",
  deadlineMs: dayMs,
  ...over,
});

export const stepBegin = (by: Held, step: string, over: Partial<Op.StepBegin> = {}): Op.StepBegin => ({
  ...held(by),
  op: "step-begin",
  step,
  onUncertain: "begin",
  leaseMs: dayMs / 24,
  ...over,
});

export const stepDone = (by: Held, step: string, value: string): Op.StepEnd => ({
  ...held(by),
  op: "step-end",
  step,
  as: { is: "done", value },
});

export const stepUndone = (by: Held, step: string): Op.StepEnd => ({
  ...held(by),
  op: "step-end",
  step,
  as: { is: "undone" },
});

export const stepDecided = (
  { key, id }: Pick<Job, "key" | "id">,
  step: string,
  as: Op.StepDecide["as"],
): Op.StepDecide => ({ op: "step-decide", key, id, step, as });

export const followUpsSent = ({ key, id }: Pick<Job, "key" | "id">): Op.FollowUpsSent => ({
  op: "follow-ups-sent",
  key,
  id,
});
