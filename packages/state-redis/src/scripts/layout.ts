/*
 * How records, steps and operations are laid out in bytes. Redis' own `struct` library packs and unpacks them: reading
 * JSON, MessagePack or a hash field by field takes several times as long as all the commands of an operation together.
 *
 * `B` is a byte, `I4` four bytes, `d` a double (instants in milliseconds and fences are whole and below 2^53), `s` a text
 * that ends with a NUL. Numbers that are absent are 0, absent texts are empty.
 */

/** The fields of a record by their place in it. Behind them is EXTRA: what few records have, as a map in MessagePack. */
export const recordLayout = {
  FORMAT: "B",
  STATE: "B",
  FOLLOW_UPS: "B",
  EVER_DEAD: "B",
  RECOVERED: "B",
  /** 0: none, 1: stored, 2: omitted. */
  RESULT: "B",
  VERSION: "I4",
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
    version: "I4",
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
    version: "I4",
    maxCrashes: "I4",
    lease: "d",
    kind: "s",
    delay: "d",
    deadline: "d",
  },
  renew: { owner: "s", fence: "d", lease: "d", progress: "s" },
  complete: { owner: "s", fence: "d", keep: "d", why: "s", result: "I4", envelope: "I4", followUps: "I4" },
  retry: { owner: "s", fence: "d", counts: "s", delay: "d", code: "s", message: "s" },
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
  listed: { id: "s" },
} as const;

export type Verb = keyof typeof requestLayout;
export const verbs: readonly Verb[] = Object.keys(requestLayout) as Verb[];

const format = (layout: Readonly<Record<string, string>>): string => `'>${Object.values(layout).join("")}'`;
const places = (names: readonly string[]): string =>
  `local ${names.join(", ")} = ${names.map((_, at) => at + 1).join(", ")}`;
const stepFields = Object.keys(stepLayout);

/** All this as Lua constants. */
export const layout: string = /* lua */ `
${places([...recordFields, "EXTRA"])}
${places([...stepFields, "STEP_VALUE"])}
${places(states.map((state) => state.toUpperCase()))}
local RECORD, RECORD_FIELDS, STEP, STEP_FIELDS = ${format(recordLayout)}, ${recordFields.length}, ${format(stepLayout)}, ${stepFields.length}
`;

/** What is done with each verb, by its number: a function of the same name, and how its operations are laid out. */
export const dispatch: string = /* lua */ `
local functions = { ${verbs.map((verb) => `verbs.${verb}`).join(", ")} }
local layouts = { ${verbs.map((verb) => format(requestLayout[verb])).join(", ")} }
`;
