import type { JobStore, LetterBox, Operation, Settlement, StoredLetter } from "@semel/core/adapter";
import { MemoryStore } from "@semel/core/memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { postgresStore } from "../src/index.ts";
import { databases, fresh, hostOf, rounds, withClock } from "./databases.ts";
import { claim, completed, dead, reserve } from "./operations.ts";

/*
 * The memory store is the reference. Both get the same operations on the same clock, and have to answer the same, to
 * the millisecond, and to hold the same afterwards.
 */

const minute = 60_000;
const day = 86_400_000;

/** An operation as it is generated; fences are only known while it runs. */
type Drawn = { readonly key: number; readonly fence: "last" | "next" | "old" } & {
  readonly make: (key: string, fence: number) => Operation;
};

const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const owners = oneOf("one", "two");
const suffixes = oneOf("a", "b", "c");
const texts = oneOf("", "{}", "nul \0 here", "lone \ud800 half", "\u0001marked", '"quoted\\"', "ü😀{,}NULL");
const leases = oneOf(1, 30_000);
const introduction = fc.record({
  suffix: suffixes,
  fingerprint: oneOf("print", "other"),
  tenant: oneOf(undefined, "acme", "umbrella"),
  type: oneOf("mail", "e\0vil"),
  delayMs: oneOf(0, 0, 5_000),
  deadlineMs: oneOf(minute, day),
});

const settlement: fc.Arbitrary<Settlement> = fc.oneof(
  fc
    .record({
      result: fc.option(texts, { nil: undefined }),
      followUps: fc.option(texts, { nil: undefined }),
      envelope: fc.option(texts, { nil: undefined }),
    })
    .map(({ result, ...rest }) => completed(result, rest)),
  fc
    .record({
      group: texts,
      body: texts,
      keepMs: oneOf(minute, day),
      reason: oneOf("REJECTED" as const, "DEADLINE" as const),
      followUps: oneOf(undefined, "next"),
    })
    .map(({ reason, followUps, ...letter }) => dead({ reason, followUps, letter })),
  fc
    .record({ counts: oneOf("attempt" as const, "deferral" as const, "nothing" as const), delayMs: oneOf(0, 5_000) })
    .map(
      ({ counts, delayMs }): Settlement => ({
        state: "retrying",
        counts,
        delayMs,
        error: { code: "E", message: "nul \0" },
      }),
    ),
  fc.constant<Settlement>({ state: "cancelled", by: "operator", keepMs: 0, followUps: undefined }),
);

const maker: fc.Arbitrary<(key: string, fence: number) => Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        job: introduction,
        onDead: oneOf("rerun" as const, "keep" as const),
        onCompleted: oneOf("replay" as const, "rerun" as const),
        force: fc.boolean(),
      })
      .map(
        ({ job: { suffix, ...job }, ...rest }) =>
          (key: string) =>
            reserve(key, { ...job, ...rest, id: `${key}.${suffix}` }),
      ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ job: introduction, owner: owners, leaseMs: leases, maxCrashes: oneOf(0, 3) }).map(
      ({ job: { suffix, ...job }, ...rest }) =>
        (key: string) =>
          claim(key, { ...job, ...rest, id: `${key}.${suffix}` }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ owner: owners, as: settlement }).map(
      (of) =>
        (key: string, fence: number): Operation => ({ op: "settle", key, fence, ...of }),
    ),
  },
  fc.record({ owner: owners, leaseMs: leases, progress: oneOf(undefined, { fraction: 0.5, note: "half\0" }) }).map(
    (of) =>
      (key: string, fence: number): Operation => ({ op: "renew", key, fence, ...of }),
  ),
  suffixes.map(
    (suffix) =>
      (key: string): Operation => ({ op: "unreserve", key, id: `${key}.${suffix}` }),
  ),
  suffixes.map(
    (suffix) =>
      (key: string): Operation => ({ op: "cancel", key, id: `${key}.${suffix}`, by: "operator", keepMs: day }),
  ),
  fc.record({ from: suffixes, to: suffixes, steps: oneOf("keep" as const, "fresh" as const) }).map(
    ({ from, to, steps }) =>
      (key: string): Operation => ({
        op: "redrive",
        key,
        id: `${key}.${from}`,
        newId: `${key}.${to}`,
        steps,
        deadlineMs: day,
      }),
  ),
  {
    weight: 3,
    arbitrary: fc
      .record({
        owner: owners,
        step: oneOf("s", "nul \0"),
        input: oneOf(undefined, "x"),
        onUncertain: oneOf("begin" as const, "ask" as const),
        leaseMs: leases,
      })
      .map(
        (of) =>
          (key: string, fence: number): Operation => ({ op: "step-begin", key, fence, ...of }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ owner: owners, step: oneOf("s", "nul \0"), value: fc.option(texts, { nil: undefined }) })
      .map(
        ({ value, ...of }) =>
          (key: string, fence: number): Operation => ({
            op: "step-end",
            key,
            fence,
            ...of,
            as: value === undefined ? { is: "undone" } : { is: "done", value },
          }),
      ),
  },
  suffixes.map(
    (suffix) =>
      (key: string): Operation => ({ op: "follow-ups-sent", key, id: `${key}.${suffix}` }),
  ),
  fc.record({ suffix: suffixes, step: oneOf("s", "nul \0"), value: fc.option(texts, { nil: undefined }) }).map(
    ({ suffix, step, value }) =>
      (key: string): Operation => ({
        op: "step-decide",
        key,
        id: `${key}.${suffix}`,
        step,
        as: value === undefined ? { is: "undone" } : { is: "done", value },
      }),
  ),
);

const drawn: fc.Arbitrary<Drawn> = fc.record({
  key: oneOf(0, 0, 1, 2),
  fence: oneOf("last" as const, "last" as const, "next" as const, "next" as const, "old" as const),
  make: maker,
});
const round = fc.record({
  operations: fc.array(drawn, { minLength: 1, maxLength: 12 }),
  passMs: oneOf(0, 1, 1, 10, 5_000, 40_000, 2 * day),
  upkeep: oneOf("nothing", "nothing", "nothing", "sweep", "forget key", "forget tenant", "purge group", "purge id"),
});

describe.each(databases)("the same answers as the memory store, on $name", ({ open }) => {
  const client = open();

  test("for any sequence of batches", { timeout: rounds(60_000) }, async () => {
    const schema = fresh("equality");
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 8 }), async (rounds) => {
        let now = 1_790_000_000_000;
        const clock = { now: () => now };
        const host = hostOf(fresh("run"), clock);
        const ours = postgresStore({ client: withClock(client(), clock), schema });
        const reference = new MemoryStore();
        for (const store of [ours, reference]) await store.start(host);
        const keys = [0, 1, 2].map((key) => `${host.namespace}:${key}`);
        const fences = new Map<string, number[]>();

        for (const { operations, passMs, upkeep: what } of rounds) {
          const batch = operations.map(({ key: place, fence, make }) => {
            const key = keys[place] ?? "";
            const known = fences.get(key) ?? [0];
            const [first = 0, last = 0] = [known[0], known.at(-1)];
            // "next" is what a claim of this very batch is given, so that whole lives fit into one batch.
            return make(key, { old: first, last, next: Math.max(last + 1, now * 1000) }[fence]);
          });
          const [answers, expected] = [await ours.apply(batch), await reference.apply(batch)].map((all) =>
            all.map(withoutChance),
          );
          expect(answers).toEqual(expected);
          answers?.forEach((answer, index) => {
            const key = batch[index]?.key ?? "";
            if (answer.is === "acquired" && "fence" in answer)
              fences.set(key, [...(fences.get(key) ?? []), answer.fence]);
          });
          now += passMs;
          expect(await upkeep(ours, what, keys)).toEqual(await upkeep(reference, what, keys));
          expect(await contents(ours, keys)).toEqual(await contents(reference, keys));
        }
      }),
      { numRuns: rounds(25) },
    );
  });
});

/** How long to stay away from a busy record is drawn at random. */
const withoutChance = <A extends { readonly is: string }>(answer: A): A =>
  answer.is === "busy" ? { ...answer, retryAfterMs: 0 } : answer;

async function upkeep(store: JobStore & LetterBox, what: string, keys: readonly string[]): Promise<number> {
  if (what === "sweep") return store.sweep(2);
  if (what === "forget key") return store.forget({ key: keys[0] ?? "" });
  if (what === "forget tenant") return store.forget({ tenant: "acme" });
  if (what === "purge group") return store.purge({ group: "nul \0 here" });
  if (what === "purge id") return store.purge({ id: `${keys[0]}.a` });
  return 0;
}

async function contents(store: JobStore & LetterBox, keys: readonly string[]): Promise<unknown> {
  const firstPage = await store.list({}, { limit: 2 });
  return {
    // What is undefined is not stored.
    records: JSON.parse(JSON.stringify(await store.read(keys))),
    results: await Promise.all(keys.map((key) => store.result(key))),
    envelopes: await Promise.all(keys.map((key) => store.envelope(key))),
    firstPage: firstPage.map(unplaced),
    nextPage: (firstPage.length === 2 ? await store.list({}, { limit: 9, after: firstPage[1] }) : []).map(unplaced),
    ofOneReason: (await store.list({ reasons: ["REJECTED"], tenant: "acme" }, { limit: 9 })).map(unplaced),
    groups: await store.groups({ type: "mail" }),
  };
}

/** How letters of one millisecond are told apart is each store's own. */
const unplaced = ({ order: _, ...letter }: StoredLetter): Omit<StoredLetter, "order"> => letter;
