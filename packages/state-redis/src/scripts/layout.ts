import { keptAttempts, overdueMs, pastDeadlineMs, pastLetterMs } from "@semel/core/adapter";
import { beside } from "../keys.ts";

/*
 * How records, steps and operations are laid out in bytes. Redis' own `struct` library packs and unpacks them: reading
 * JSON, MessagePack or a hash field by field takes several times as long as all the commands of an operation together.
 *
 * `B` is a byte, `I4` four bytes, `d` a double (instants in milliseconds, fences and versions are whole and below 2^53),
 * `s` a text that ends with a NUL. Numbers that are absent are 0, absent texts are empty.
 */

/** The fields of a record by their place in it. Behind them is EXTRA: what few records have, as a map in MessagePack. */
export const recordLayout = {
  FORMAT: "B",
  STATE: "B",
  FOLLOW_UPS: "B",
  EVER_DEAD: "B",
  RECOVERED: "B",
  /** 0: none, 1: beside the record, 2: omitted, 3: small, and so within it. */
  RESULT: "B",
  /** 1: there may be some. */
  STEPS: "B",
  VERSION: "d",
  GENERATION: "I4",
  FAILURES: "I4",
  CRASHES: "I4",
  DEFERRALS: "I4",
  DUPLICATES: "I4",
  REDRIVES: "I4",
  FENCE: "d",
  CREATED_AT: "d",
  NOT_BEFORE: "d",
  DEADLINE_AT: "d",
  STARTED_AT: "d",
  CLAIMED_AT: "d",
  LEASE_UNTIL: "d",
  FINISHED_AT: "d",
  REPLAY_UNTIL: "d",
  EXPIRES_AT: "d",
  HEALED_AT: "d",
  ID: "s",
  FINGERPRINT: "s",
  /** Type, lane and tenant as JSON: scripts hand it on and do not look inside. */
  KIND: "s",
  OWNER: "s",
} as const;

export type RecordField = keyof typeof recordLayout;
export const recordFields: readonly RecordField[] = Object.keys(recordLayout) as RecordField[];

/** The states in the order of their numbers, from 1. */
export const states = ["pending", "running", "retrying", "completed", "dead", "cancelled"] as const;

/** The fields of a memoised step. Behind them is its value, if it is DONE. */
const stepLayout = {
  STEP_GENERATION: "I4",
  STEP_FENCE: "d",
  STEP_REPEATED: "B",
  STEP_DONE: "B",
  STEP_STARTED_AT: "d",
  STEP_OWNER: "s",
  STEP_INPUT: "s",
} as const;

/**
 * What an operation carries, in the order of its function's parameters. A `blob` is the place in ARGV of what is opaque
 * and large, 0 for none; it is packed as `I4`, and so is a `count`. A `flag` is packed as `B`.
 */
export const requestLayout = {
  reserve: {
    id: "s",
    fingerprint: "s",
    kind: "s",
    version: "d",
    delay: "d",
    deadline: "d",
    onDead: "B",
    onCompleted: "B",
    force: "B",
  },
  unreserve: { id: "s" },
  claim: {
    id: "s",
    owner: "s",
    fingerprint: "s",
    version: "d",
    maxCrashes: "I4",
    lease: "d",
    kind: "s",
    delay: "d",
    deadline: "d",
  },
  renew: { owner: "s", fence: "d", lease: "d", progress: "s" },
  complete: { owner: "s", fence: "d", keep: "d", why: "s", result: "I4", envelope: "I4", followUps: "I4" },
  retry: { owner: "s", fence: "d", counts: "s", delay: "d", code: "s", message: "s", waiting: "s" },
  die: {
    owner: "s",
    fence: "d",
    reason: "s",
    code: "s",
    message: "s",
    group: "s",
    body: "I4",
    keepLetter: "d",
    keep: "d",
    followUps: "I4",
  },
  giveUp: { owner: "s", fence: "d", by: "s", keep: "d", followUps: "I4" },
  cancel: { id: "s", by: "s", keep: "d" },
  redrive: { id: "s", newId: "s", fresh: "B", deadline: "d" },
  stepBegin: { owner: "s", fence: "d", name: "s", input: "s", ask: "B", lease: "d" },
  stepEnd: { owner: "s", fence: "d", name: "s", value: "I4" },
  followUpsSent: { id: "s" },
  stepDecide: { id: "s", name: "s", value: "I4" },
  listed: { id: "s" },
} as const;

export type Verb = keyof typeof requestLayout;
export const verbs: readonly Verb[] = Object.keys(requestLayout) as Verb[];

/** As `struct` takes it, big-endian. */
export const format = (layout: Readonly<Record<string, string>>): string => `'>${Object.values(layout).join("")}'`;

const places = (names: readonly string[]): [string, string][] => names.map((name, at) => [name, String(at + 1)]);

/** What names in capitals stand for in the scripts. */
export const constants: ReadonlyMap<string, string> = new Map([
  ...places([...recordFields, "EXTRA"]),
  ...places([...Object.keys(stepLayout), "STEP_VALUE"]),
  ...places(states.map((state) => state.toUpperCase())),
  ["RECORD", format(recordLayout)],
  ["RECORD_FIELDS", String(recordFields.length)],
  ["STEP", format(stepLayout)],
  ["SMALL_RESULT", "512"],
  ["STEP_FIELDS", String(Object.keys(stepLayout).length)],
  ["PAST_DEADLINE", String(pastDeadlineMs)],
  ["PAST_LETTER", String(pastLetterMs)],
  ["OVERDUE", String(overdueMs)],
  ["KEPT_ATTEMPTS", String(keptAttempts)],
  ["_RESULT", `'${beside.result}'`],
  ["_ENVELOPE", `'${beside.envelope}'`],
  ["_FOLLOW_UPS", `'${beside.followUps}'`],
  ["_STEPS", `'${beside.steps}'`],
  ["_LETTERS", `'${beside.letters}'`],
]);
