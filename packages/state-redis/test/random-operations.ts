import type { Operation, Settlement } from "@semel/core/adapter";
import fc from "fast-check";
import { claim, completed, day, dead, minute, reserve, retrying } from "./operations.ts";

const oneOf = <const T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** What an operation is about, as far as it is only known while it runs. */
export interface About {
  readonly key: string;
  readonly fence: number;
  /** Whoever holds the key; `undefined` where nobody does. */
  readonly holder: string | undefined;
  /** The id that stands for the key. */
  readonly standing: string;
}

export interface DrawnOperation {
  /** Of three keys. */
  readonly place: 0 | 1 | 2;
  readonly fence: "old" | "last" | "next";
  make(about: About): Operation;
}

export const upkeeps = [
  ...Array.from({ length: 12 }, () => "nothing" as const),
  "forget key",
  "forget tenant",
  "purge group",
  "purge id",
] as const;
export type Upkeep = (typeof upkeeps)[number];

/** More than is kept within a record. */
const large = `"${"x".repeat(600)}"`;
/** One of each kind that has to be written down in another way than it is. */
const texts = oneOf("", "{}", "nul \0 here", "lone \ud800", "\u0001marked", '"quoted\\"', "ü😀{}", "a:b", large);
/** The worker's name is in front of the first colon. */
const names = oneOf("one:1", "one:1", "two\0:2", "\ud800:3", "four");
/** Mostly who really holds it, so that work gets somewhere. */
const owners = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: names });
/** What only a holder can do; should it be drawn where nobody holds the key, somebody claims it first of all. */
function byOwner(owner: string | undefined, about: About, does: (owner: string) => Operation): Operation {
  const by = owner ?? about.holder;
  if (by !== undefined) return does(by);
  return claim(about.key, { id: about.standing, tenant: tenantOf(about.key), owner: "one:1" });
}
/** The third is nobody's own making. */
export const suffixes = ["a", "b", "lone \ud800"] as const;
const fresh = oneOf(...suffixes);
const ids = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fresh });
const idOf = (suffix: string | undefined, { key, standing }: About): string =>
  suffix === undefined ? standing : `${key}.${suffix}`;
const followUps = oneOf(undefined, undefined, undefined, "next");
const leases = oneOf(1_000, 30_000, 600_000);
const tenants = [undefined, "acme", "umb\0rella"] as const;

const introduction = fc.record({
  fingerprint: oneOf("print", "print", "other"),
  type: oneOf("mail", "e\0vil"),
  version: oneOf(1, 1, 202_611_220_100),
  delayMs: oneOf(0, 0, 5_000),
  deadlineMs: oneOf(minute, day),
});

const settlement: fc.Arbitrary<Settlement> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .record({
        result: fc.option(texts, { nil: undefined }),
        kind: oneOf({ kind: "stored" } as const, { kind: "omitted", why: "" } as const),
        followUps,
        envelope: fc.option(texts, { nil: undefined }),
        keepMs: oneOf(minute, 30 * day),
      })
      .map(({ result, ...rest }) => completed(result, rest)),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        group: texts,
        body: texts,
        letterMs: oneOf(minute, 14 * day),
        keepMs: oneOf(minute, day),
        reason: oneOf("REJECTED", "DEADLINE"),
        message: texts,
        followUps,
      })
      .map(({ group, body, letterMs, message, ...rest }) =>
        dead({ ...rest, error: { code: "E", message }, letter: { group, body, keepMs: letterMs } }),
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        counts: oneOf("attempt", "deferral", "nothing"),
        delayMs: oneOf(0, 5_000, 20 * day),
        message: texts,
        waiting: oneOf(undefined, undefined, { total: 1_000, ended: 12, failed: 1 }),
      })
      .map(({ message, ...rest }) =>
        retrying({ ...rest, error: rest.counts === "nothing" ? undefined : { code: "E", message } }),
      ),
  },
  fc.record({ by: texts, followUps }).map((rest): Settlement => ({ state: "cancelled", keepMs: 0, ...rest })),
);

type Make = DrawnOperation["make"];
const tenantOf = (key: string): string | undefined =>
  tenants[["first", "second"].findIndex((name) => key.includes(name)) + 1];

const make: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({
        job: introduction,
        suffix: fresh,
        onDead: oneOf("rerun", "keep"),
        onCompleted: oneOf("replay", "rerun"),
        force: fc.boolean(),
      })
      .map(
        ({ job, suffix, ...rest }): Make =>
          ({ key }) =>
            reserve(key, { ...job, ...rest, tenant: tenantOf(key), id: `${key}.${suffix}` }),
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        job: introduction,
        suffix: ids,
        owner: names,
        leaseMs: leases,
        maxCrashes: oneOf(0, 3),
        isRead: oneOf(true, false),
      })
      .map(
        ({ job: { fingerprint, ...job }, suffix, isRead, ...rest }): Make =>
          (about) =>
            claim(about.key, {
              ...job,
              ...rest,
              fingerprint: isRead ? fingerprint : undefined,
              tenant: tenantOf(about.key),
              id: idOf(suffix, about),
            }),
      ),
  },
  {
    weight: 5,
    arbitrary: fc.record({ owner: owners, as: settlement }).map(
      ({ owner, as }): Make =>
        (about) =>
          byOwner(owner, about, (by) => ({ op: "settle", key: about.key, fence: about.fence, owner: by, as })),
    ),
  },
  fc.record({ owner: owners, leaseMs: leases, note: fc.option(texts, { nil: undefined }) }).map(
    ({ owner, leaseMs, note }): Make =>
      (about) =>
        byOwner(owner, about, (by) => ({
          op: "renew",
          key: about.key,
          fence: about.fence,
          owner: by,
          leaseMs,
          progress: note === undefined ? undefined : { fraction: 0.5, note },
        })),
  ),
  ids.map(
    (suffix): Make =>
      (about) => ({ op: "unreserve", key: about.key, id: idOf(suffix, about) }),
  ),
  fc.record({ suffix: ids, by: texts }).map(
    ({ suffix, by }): Make =>
      (about) => ({ op: "cancel", key: about.key, id: idOf(suffix, about), by, keepMs: day }),
  ),
  {
    weight: 2,
    arbitrary: fc.record({ from: ids, to: fresh, steps: oneOf("keep", "fresh"), deadlineMs: oneOf(minute, day) }).map(
      ({ from, to, ...of }): Make =>
        (about) => ({ op: "redrive", key: about.key, id: idOf(from, about), newId: `${about.key}.${to}`, ...of }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        owner: owners,
        step: oneOf("s", "nul \0"),
        input: oneOf(undefined, undefined, "", "\u0001x"),
        onUncertain: oneOf("begin", "ask"),
        leaseMs: leases,
      })
      .map(
        ({ owner, ...of }): Make =>
          (about) =>
            byOwner(owner, about, (by) => ({ op: "step-begin", key: about.key, fence: about.fence, owner: by, ...of })),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ owner: owners, step: oneOf("s", "nul \0"), value: fc.option(texts, { nil: undefined }) })
      .map(
        ({ owner, step, value }): Make =>
          (about) =>
            byOwner(owner, about, (by) => ({
              op: "step-end",
              key: about.key,
              fence: about.fence,
              owner: by,
              step,
              as: value === undefined ? { is: "undone" } : { is: "done", value },
            })),
      ),
  },
  ids.map(
    (suffix): Make =>
      (about) => ({ op: "follow-ups-sent", key: about.key, id: idOf(suffix, about) }),
  ),
  fc.record({ suffix: ids, step: oneOf("s", "nul \0"), value: fc.option(texts, { nil: undefined }) }).map(
    ({ suffix, step, value }): Make =>
      (about) => ({
        op: "step-decide",
        key: about.key,
        id: idOf(suffix, about),
        step,
        as: value === undefined ? { is: "undone" } : { is: "done", value },
      }),
  ),
);

export const drawnOperation: fc.Arbitrary<DrawnOperation> = fc.record({
  place: oneOf(0, 0, 0, 0, 1, 1, 2),
  fence: oneOf("last", "last", "last", "last", "next", "old"),
  make,
});
