import { type JobStore, type LetterBox, type Operation, type StoredLetter, systemClock } from "@semel/core/adapter";
import { MemoryStore } from "@semel/core/memory";
import type { RedisClient } from "@semel/redis-connection";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redisStore } from "../src/index.ts";
import { Keys } from "../src/keys.ts";
import { keyOf } from "./operations.ts";
import { drawnOperation, suffixes, type Upkeep, upkeeps } from "./random-operations.ts";
import { connected, freshPrefix, hostOf, servers, withClock } from "./servers.ts";

/*
 * The memory store runs the reference, `decide`. It and the store on Redis get the same operations on the same clock;
 * they have to answer the same to the millisecond, and to hold the same after each batch.
 */

const second = 1_000;
const hour = 3_600_000;
const day = 24 * hour;
const kept = [":s", ":r", ":e", ":f", ":d"] as const;

const batch = fc.record({
  operations: fc.array(drawnOperation, { minLength: 1, maxLength: 4, size: "max" }),
  // Whole seconds, for a reason: see `deathsOf`.
  passMs: fc.constantFrom(0, 0, 0, 0, 0, second, second, 5 * second, 40 * second, 61 * second, hour, 2 * day, 9 * day),
  upkeep: fc.constantFrom<Upkeep[]>(...upkeeps),
  // Redis may be late to remove what has expired.
  isLate: fc.constantFrom(false, false, true),
});

describe.each(servers)("the same answers as the reference, on $name", ({ name, source }) => {
  const connection = connected(source);

  // Again once: Redis' own clock goes on, and on a machine that stands still for half a second a key ends too early.
  test("for any sequence of batches", { timeout: 120_000, retry: 1 }, async () => {
    const prefix = freshPrefix();
    const host = { ...hostOf("prod"), clock: systemClock };
    const client = await connection().commands();
    let run = 0;
    const property = fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 20, size: "max" }),
      async (batches) => {
        const beginning = Math.ceil(Date.now() / second) * second;
        let now = beginning;
        const clock = { ...systemClock, now: () => now };
        const namespace = `run-${++run}`;
        const reference = new MemoryStore();
        const ours = redisStore({ redis: withClock(connection(), clock.now), prefix });
        for (const store of [ours, reference]) await store.start({ ...host, namespace, clock });
        const names = new Keys(prefix, namespace);
        const keys = ["first", "second", "third"].map((key) => keyOf(`${run}-${key}`));
        const oldest = new Map<string, number>();

        for (const { operations, passMs, upkeep, isLate } of batches) {
          const standing = await reference.read(keys);
          const made = operations.map(({ place, fence, make }): Operation => {
            const key = keys[place] ?? "";
            const { fence: last = 0, id = `${key}.a`, owner, state } = standing[place] ?? {};
            // "next" is what a claim of this very batch is given, so that whole lives fit into one batch.
            const fences = { old: oldest.get(key) ?? 1, last, next: Math.max(last + 1, now * 1000) };
            return make({ key, fence: fences[fence], holder: state === "running" ? owner : undefined, standing: id });
          });
          const [answers, expected] = await Promise.all([ours.apply(made), reference.apply(made)]);
          expect(answers.map(withoutChance)).toEqual(expected.map(withoutChance));
          for (const [index, answer] of answers.entries()) {
            const key = made[index]?.key ?? "";
            if (answer.is === "acquired" && !oldest.has(key)) oldest.set(key, answer.fence);
          }
          now += passMs;
          if (!isLate || upkeep.startsWith("forget")) {
            const deaths = await deathsOf(client, names, keys, beginning);
            const over = [...deaths].filter(([, at]) => at <= now).map(([key]) => key);
            await Promise.all(over.map((key) => client.call("del", key)));
            await reference.sweep(1_000);
            await ours.sweep(1_000);
          }
          expect(await doneTo(ours, upkeep, keys), upkeep).toEqual(await doneTo(reference, upkeep, keys));

          const left = await deathsOf(client, names, keys, beginning);
          const held = await contents(ours, keys);
          expect(held).toEqual(await contents(reference, keys));
          held.records.forEach((record, place) => {
            const key = names.record(keys[place] ?? "");
            if (record) expect(left.get(key), "a record is there as long as it says").toBe(record.expiresAt);
            if (record?.state === "completed")
              expect(left.has(`${key}:s`), "a completed job needs no steps").toBe(false);
            for (const suffix of kept.slice(0, 4)) {
              const at = left.get(key + suffix);
              if (at !== undefined)
                expect(at, `what is kept in ${suffix} lives as long as the record`).toBe(left.get(key));
            }
          });
        }
      },
    );
    await fc.assert(property, { numRuns: name === "Redis" ? 200 : 30 });
  });
});

/**
 * When each key expires, by the clock of the test. Redis says what is left, to which the time of its saying has to be
 * added; as all that passes is whole seconds, so is the sum.
 */
async function deathsOf(
  client: RedisClient,
  names: Keys,
  keys: readonly string[],
  beginning: number,
): Promise<ReadonlyMap<string, number>> {
  const all = keys.flatMap((key) => ["", ...kept].map((suffix) => names.record(key) + suffix));
  const deaths = new Map<string, number>();
  await Promise.all(
    all.map(async (key) => {
      const left = Number(await client.call("pttl", key));
      expect(left, `${key} lives for ever`).not.toBe(-1);
      const at = Math.round((Date.now() + left - beginning) / second) * second + beginning;
      if (left >= 0) deaths.set(key, at);
    }),
  );
  return deaths;
}

/** How long to stay away from a busy record is drawn at random. */
const withoutChance = <A extends { readonly is: string }>(answer: A): A =>
  answer.is === "busy" ? { ...answer, retryAfterMs: 0 } : answer;

async function doneTo(store: JobStore & LetterBox, upkeep: Upkeep, keys: readonly string[]): Promise<number> {
  if (upkeep === "forget key") return store.forget({ key: keys[1] ?? "" });
  if (upkeep === "forget tenant") return store.forget({ tenant: "acme" });
  if (upkeep === "purge group") return store.purge({ group: "nul \0 here" });
  if (upkeep === "purge id") return store.purge({ id: `${keys[0]}.a` });
  return 0;
}

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

async function contents(store: JobStore & LetterBox, keys: readonly string[]) {
  const ids = keys.flatMap((key) => suffixes.map((suffix) => `${key}.${suffix}`));
  const [records, results, envelopes, letters, rejected, groups, ...each] = await Promise.all([
    store.read(keys),
    Promise.all(keys.map((key) => store.result(key))),
    Promise.all(keys.map((key) => store.envelope(key))),
    store.list({}, { limit: 100 }),
    store.list({ reasons: ["REJECTED"], tenant: "acme" }, { limit: 100 }),
    store.groups({}),
    ...ids.map((id) => store.get(id)),
  ]);
  return {
    // Inside the stores: the work it replaced, and a flag that is not set.
    records: records.map(
      (record) => record && { ...record, replaced: undefined, recovered: record.recovered || undefined },
    ),
    // What work whose place was taken left behind is nobody's until its successor is claimed.
    results: results.map((result, place) => (records[place]?.state === "completed" ? result : undefined)),
    envelopes,
    // Of one millisecond, each has an order of its own.
    letters: letters.map(unplaced).toSorted(byId),
    rejected: rejected.map(unplaced).toSorted(byId),
    groups: groups.map(({ sample: _, ...group }) => JSON.stringify(group)).toSorted(),
    each: each.map((letter) => letter && unplaced(letter)),
  };
}

/** How letters of one millisecond are told apart is each store's own. */
const unplaced = ({ order: _, ...letter }: StoredLetter): Omit<StoredLetter, "order"> => letter;
