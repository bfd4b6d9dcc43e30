import type { DeadReason, LetterFilter } from "@semel/core/adapter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { enterScript } from "../src/scripts/letters.ts";
import { applied, claim, day, dead, keyOf, reserve, settle } from "./operations.ts";
import { calls, connected, freshPrefix, intercepted, servers, started, withClock } from "./servers.ts";

/*
 * Whatever dies, is purged, expires or is erased, and whoever dies between a settlement and its entry in the index: lists
 * and counts say the same as a plain map of what is there.
 */

interface Known {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly tenant: string;
  readonly reason: DeadReason;
  readonly group: string;
  readonly expiresAt: number;
}

const oneOf = <const T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const places = oneOf(0, 1, 2, 3, 4);
const tenants = ["acme", "umb\0rella"] as const;
const types = oneOf("mail", "\u0001type");
const groups = oneOf("one", "two\0", "lone \ud800");
const reasons = oneOf("REJECTED", "DEADLINE");

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant("die" as const),
      place: places,
      // The same id again: after its record has expired, it dies once more.
      suffix: oneOf("a", "b"),
      type: types,
      reason: reasons,
      group: groups,
      keepMs: oneOf(day / 24, 14 * day),
      /** Whether the settler dies before the letter is in the index, and who comes by then. */
      repairedBy: oneOf(undefined, undefined, undefined, "claim", "reserve"),
    }),
  },
  fc.record({ does: fc.constant("purge id" as const), place: places, suffix: oneOf("a", "b") }),
  fc.record({ does: fc.constant("purge" as const), type: fc.option(types), group: fc.option(groups), reason: reasons }),
  fc.record({ does: fc.constant("forget key" as const), place: places }),
  fc.record({ does: fc.constant("forget tenant" as const), tenant: oneOf(...tenants) }),
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("pass" as const), ms: oneOf(1, day / 12, 10 * day, 40 * day) }),
  },
);

describe.each(servers)("lists and counts of letters, on $name", ({ name, source }) => {
  const connection = connected(source);

  test("say what is there", { timeout: 120_000 }, async () => {
    const prefix = freshPrefix();
    let run = 0;
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 5, maxLength: 25, size: "max" }),
      async (commands) => {
        let now = Date.now();
        const namespace = `run-${++run}`;
        const clocked = withClock(connection(), () => now);
        const store = await started(clocked, prefix, namespace);
        let isDying = false;
        const broken = intercepted(clocked, (send, command, args) =>
          isDying && calls(enterScript, [args[0] ?? ""])
            ? Promise.reject(new Error("connection lost"))
            : send(command, ...args),
        );
        const dying = await started(broken, prefix, namespace);
        const keys = [0, 1, 2, 3, 4].map((place) => keyOf(`${run}-${place}-`));
        const known = new Map<string, Known>();
        const drop = (matches: (one: Known) => boolean): number => {
          const matching = [...known.values()].filter(matches);
          for (const { id } of matching) known.delete(id);
          return matching.length;
        };

        for (const one of commands) {
          if (one.does === "pass") now += one.ms;
          drop(({ expiresAt }) => expiresAt <= now);
          if (one.does === "die") {
            const { place, suffix, type, reason, group, keepMs, repairedBy } = one;
            const key = keys[place] ?? "";
            const [id, tenant] = [`${key}.${suffix}`, tenants[place % 2] ?? ""];
            const about = { id, type, tenant };
            await store.apply([reserve(key, { ...about, force: true })]);
            const claimed = await applied(store, claim(key, { ...about, owner: `worker:${now}` }));
            if (claimed.is !== "acquired") continue;
            const record = (await store.read([key]))[0];
            const letter = { group, body: `"${id}"`, keepMs };
            const die = settle(key, claimed.fence, dead({ reason, letter, keepMs: 0 }), `worker:${now}`);
            isDying = repairedBy !== undefined;
            const settled = await dying.apply([die]).then(
              () => true,
              () => false,
            );
            expect(settled).toBe(!isDying);
            isDying = false;
            if (repairedBy === "claim") await store.apply([claim(key, { ...about, owner: "worker:late" })]);
            if (repairedBy === "reserve") await store.apply([reserve(key, { ...about, id: `${key}.c` })]);
            known.set(id, { id, key, type: record?.type ?? "", tenant, reason, group, expiresAt: now + keepMs });
          }
          if (one.does === "purge id") {
            const id = `${keys[one.place]}.${one.suffix}`;
            // One whose time is over may or may not have been swept.
            const wasThere = known.delete(id);
            expect(await store.purge({ id })).toBeGreaterThanOrEqual(wasThere ? 1 : 0);
          }
          if (one.does === "purge") {
            const filter = { type: one.type ?? undefined, group: one.group ?? undefined, reasons: [one.reason] };
            expect(await store.purge(filter)).toBe(drop(matching(filter)));
          }
          if (one.does === "forget key") {
            await store.forget({ key: keys[one.place] ?? "" });
            drop(({ key }) => key === keys[one.place]);
          }
          if (one.does === "forget tenant") {
            await store.forget({ tenant: one.tenant });
            drop(({ tenant }) => tenant === one.tenant);
          }
          await compare(store, [...known.values()]);
        }
        // And at last nothing is left but when it is to be looked for again: nothing.
        now += 100 * day;
        await store.sweep(1_000);
        await compare(store, []);
        const left = await (await connection().commands()).call("exists", `${prefix}:{${namespace}}:letters:groups`);
        expect(left).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: name === "Redis" ? 40 : 8 });
  });
});

const matching =
  ({ type, tenant, group, reasons }: LetterFilter) =>
  (one: Known): boolean =>
    (type === undefined || one.type === type) &&
    (tenant === undefined || one.tenant === tenant) &&
    (group === undefined || one.group === group) &&
    (reasons === undefined || reasons.includes(one.reason));

const filters: readonly LetterFilter[] = [
  {},
  { type: "\u0001type" },
  { tenant: "umb\0rella" },
  { group: "two\0" },
  { group: "lone \ud800", reasons: ["DEADLINE"] },
];

async function compare(store: Awaited<ReturnType<typeof started>>, known: readonly Known[]): Promise<void> {
  await Promise.all(
    filters.map(async (filter) => {
      const expected = known.filter(matching(filter));
      const ids = expected.map(({ id }) => id);
      const listed = await store.list(filter, { limit: 100 });
      expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      const groups = await store.groups(filter);
      const counted = Map.groupBy(expected, ({ type, reason, group }) => JSON.stringify([type, reason, group]));
      expect(
        Object.fromEntries(
          groups.map(({ type, reason, group, count }) => [JSON.stringify([type, reason, group]), count]),
        ),
      ).toEqual(Object.fromEntries([...counted].map(([name, of]) => [name, of.length])));
      for (const { sample } of groups) expect(ids).toContain(sample);
    }),
  );
  const first = known[0];
  if (first) expect(await store.get(first.id)).toMatchObject({ id: first.id, body: `"${first.id}"` });
}
