import type { Answer, FinalState, JobState, Operation } from "@semel/core/adapter";
import { states } from "./scripts/layout.ts";
import { fullId } from "./stored-id.ts";
import { fromText } from "./text.ts";

/** What the script answers to one operation. */
export type Reply = readonly [is: string, ...facts: unknown[]];

export function kindFrom(stored: string): { type: string; lane: string; tenant: string | undefined } {
  const [type = "", lane = type, tenant] = JSON.parse(stored) as string[];
  return { type: fromText(type), lane: fromText(lane), tenant: tenant === undefined ? undefined : fromText(tenant) };
}

const idFrom = (key: string, stored: unknown): string => fullId(key, fromText(String(stored)));

const stateOf = (fact: unknown): JobState => states[(fact as number) - 1] as JobState;
const finalOf = (fact: unknown): FinalState => stateOf(fact) as FinalState;

/** The answer to an operation. `now` is the server's clock when it was applied. */
export function answerOf({ op, key }: Operation, reply: Reply, now: number): Answer {
  const [is, ...facts] = reply;
  switch (op) {
    case "reserve":
      return reserved(key, reply);
    case "claim":
      return claimed(key, reply, now);
    case "renew":
      return is === "held" ? { is, cancelRequested: by(facts[0]), now } : lost(reply);
    case "settle":
      if (is === "settled") return { is, state: stateOf(facts[0]), now };
      return is === "already" ? { is, state: finalOf(facts[0]) } : lost(reply);
    case "step-begin":
      return begun(reply);
    case "redrive":
      if (is === "already") return { is, id: idFrom(key, facts[0]), state: stateOf(facts[1]) };
      return { is } as Answer;
    case "cancel":
      return is === "finished" ? { is, state: finalOf(facts[0]) } : ({ is } as Answer);
    case "step-end":
    case "step-decide":
      return is === "already" ? { is, value: fromText(String(facts[0])) } : ({ is } as Answer);
    default:
      return { is } as Answer;
  }
}

function reserved(key: string, [is, ...facts]: Reply): Answer {
  if (is === "created") return { is, createdAt: facts[0] as number };
  const id = idFrom(key, facts[0]);
  if (is === "duplicate") return { is, id, state: stateOf(facts[1]), overdue: facts[2] === 1 };
  if (is === "conflict")
    return { is, id, state: stateOf(facts[1]), fingerprint: fromText(String(facts[2])), overdue: facts[3] === 1 };
  const kind = resultKind(facts[2] as number, facts[3]) ?? { kind: "omitted", why: "it had none" };
  return { is: "replayed", id, finishedAt: facts[1] as number, kind, result: text(facts[4]) };
}

type Kind = Extract<Answer, { is: "replayed" }>["kind"];

/** @param code as in the record. @param why with a mark in front, so that none is told from an empty one. */
export function resultKind(code: number, why: unknown): Kind | undefined {
  if (code === 0) return undefined;
  return code === 2 ? { kind: "omitted", why: (text(why) ?? "").slice(1) } : { kind: "stored" };
}

function claimed(key: string, [is, ...facts]: Reply, now: number): Answer {
  switch (is) {
    case "acquired": {
      const [fence, createdAt, deadlineAt, counters, recovered, doomed, history] = facts;
      const [generation, failures, crashes, deferrals, redrives] = (counters ?? [0, 0, 0, 0, 0]) as Counters;
      return {
        is,
        fence: fence as number,
        generation,
        attempt: failures + 1,
        crashes,
        deferrals,
        redrives,
        createdAt: createdAt as number,
        deadlineAt: deadlineAt as number,
        recovered: recovered === 1,
        doomed: (doomed ?? undefined) as never,
        history: historyOf(history),
        now,
      };
    }
    case "busy": {
      // Spread, so that those who found it busy do not come back as one.
      const left = facts[0] as number;
      return { is, retryAfterMs: left + Math.ceil(Math.random() * left * 0.1), now };
    }
    case "not-yet":
      return { is, retryAfterMs: facts[0] as number, now };
    case "finished":
      return { is, state: finalOf(facts[0]), followUps: text(facts[1]), now };
    default:
      return { is: "superseded", by: idFrom(key, facts[0]), now };
  }
}

type Counters = [number, number, number, number, number];

function begun(reply: Reply): Answer {
  const [is, fact] = reply;
  if (is === "run") return { is, repeated: fact === 1 };
  if (is === "memo") return { is, value: fromText(String(fact)) };
  if (is === "uncertain") return { is, since: fact as number };
  return is === "input-differs" ? { is } : lost(reply);
}

const lost = (reply: Reply): Answer => ({
  is: "lost",
  state: reply[1] === 0 ? "absent" : stateOf(reply[1]),
  fence: reply[2] as number,
});

export const text = (fact: unknown): string | undefined =>
  fact === null || fact === undefined ? undefined : fromText(String(fact));

export const by = (fact: unknown): { readonly by: string } | undefined => {
  const who = text(fact);
  return who === undefined ? undefined : { by: who };
};

type PastAttempts = Extract<Answer, { is: "acquired" }>["history"];

export function historyOf(fact: unknown): PastAttempts {
  const past = (fact ?? []) as readonly (readonly [number, never, number, number, string, string])[];
  return past.map(([attempt, as, startedAt, endedAt, code, worker]) => ({
    attempt,
    as,
    startedAt,
    endedAt,
    code: fromText(code),
    worker: fromText(worker),
  }));
}

/** What the index of dead letters is to be told, where an operation brought it to light. */
export interface Unlisted {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly tenant: string | undefined;
  readonly reason: string;
  readonly group: string;
  readonly diedAt: number;
  readonly keepMs: number;
}

/** Where the replies that can carry one have it. */
const letterAt: Readonly<Record<string, number>> = { created: 2, settled: 2, finished: 3, redriven: 1 };

export function unlistedIn(key: string, reply: Reply): Unlisted | undefined {
  const facts = reply[letterAt[reply[0]] ?? reply.length];
  if (!Array.isArray(facts)) return undefined;
  const [id, kind, reason, group, diedAt, keepMs] = facts as [string, string, string, string, number, number];
  const { type, tenant } = kindFrom(kind);
  return { key, id: idFrom(key, id), type, tenant, reason, group: fromText(group), diedAt, keepMs };
}
