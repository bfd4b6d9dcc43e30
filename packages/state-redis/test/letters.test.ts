import type { LetterFilter, StoredLetter } from "@semel/core/adapter";
import { describe, expect, test } from "vitest";
import { Keys } from "../src/keys.ts";
import { enterScript } from "../src/scripts/letters.ts";
import { applied, claim, claimed, day, dead, keyOf, minute, ran, reserve, settle } from "./operations.ts";
import { calls, connected, freshPrefix, intercepted, servers, started, withClock } from "./servers.ts";

const letter = (group: string, keepMs = 14 * day) => ({ group, body: `"${group}"`, keepMs });

describe.each(servers)("dead letters, on $name", { concurrent: true }, ({ source }) => {
  const connection = connected(source);

  /** A store, and one like it that dies each time between a settlement and the index. */
  async function dyingBetween() {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const broken = intercepted(connection(), (send, command, args) =>
      calls(enterScript, args) ? Promise.reject(new Error("connection lost")) : send(command, ...args),
    );
    return { store, dying: await started(broken, prefix) };
  }

  const key = keyOf("letters");
  const ids = (letters: readonly StoredLetter[]): readonly string[] => letters.map(({ id }) => id);
  const all = { limit: 100 };

  describe("settled and not listed, because the settler died in between", () => {
    async function unlisted() {
      const stores = await dyingBetween();
      await stores.store.apply([reserve(key)]);
      const fence = await claimed(stores.store, key);
      const die = settle(key, fence, dead({ letter: letter("g") }));
      await expect(stores.dying.apply([die])).rejects.toThrow("connection lost");
      expect(await stores.store.list({}, all)).toEqual([]);
      return { ...stores, die };
    }

    test("the settlement sent again lists it", async () => {
      const { store, die } = await unlisted();
      expect(await applied(store, die)).toMatchObject({ is: "settled", state: "dead" });
      expect(await store.list({}, all)).toMatchObject([{ id: `${key}.a`, body: '"g"' }]);
    });

    test("the delivery that comes back lists it, once", async () => {
      const { store, dying } = await unlisted();
      const again = claim(key, { owner: "worker:2" });
      await expect(dying.apply([again])).rejects.toThrow("connection lost");
      for (let time = 0; time < 2; time++) expect(await applied(store, again)).toMatchObject({ is: "finished" });
      expect(await store.list({ group: "g" }, all)).toMatchObject([{ id: `${key}.a` }]);
      expect(await store.groups({})).toMatchObject([{ count: 1, sample: `${key}.a` }]);
    });

    test("whoever takes the place of its job lists it", async () => {
      const { store } = await unlisted();
      expect(await applied(store, reserve(key, { id: `${key}.b` }))).toMatchObject({ is: "created" });
      expect(ids(await store.list({}, all))).toEqual([`${key}.a`]);
    });

    test("a redrive lists it", async () => {
      const { store } = await unlisted();
      const redrive = {
        op: "redrive",
        key,
        id: `${key}.a`,
        newId: `${key}.b`,
        steps: "fresh",
        deadlineMs: day,
      } as const;
      expect(await applied(store, redrive)).toEqual({ is: "redriven" });
      expect(ids(await store.list({}, all))).toEqual([`${key}.a`]);
    });

    test("erased meanwhile, it is listed by nobody", async () => {
      const { store } = await unlisted();
      await store.forget({ key });
      await applied(store, claim(key, { owner: "worker:2" }));
      expect(await store.list({}, all)).toEqual([]);
      expect(await store.groups({})).toEqual([]);
    });
  });

  test("purged while another job had its place, it stays purged when the place is given back", async () => {
    const { store, dying } = await dyingBetween();
    await expect(ran(dying, key, dead())).rejects.toThrow("connection lost");
    await store.apply([reserve(key, { id: `${key}.b` })]);
    expect(await store.purge({ id: `${key}.a` })).toBe(1);
    await store.apply([{ op: "unreserve", key, id: `${key}.b` }, claim(key, { owner: "worker:2" })]);
    expect(await store.read([key])).toMatchObject([{ id: `${key}.a`, state: "dead" }]);
    expect(await store.groups({})).toEqual([]);
  });

  test("erased between its settlement and its entry, it leaves no trace in the index", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const erasing = intercepted(connection(), async (send, command, args) => {
      if (calls(enterScript, args)) await store.forget({ tenant: "acme" });
      return send(command, ...args);
    });
    await ran(await started(erasing, prefix), key, dead(), { tenant: "acme" });
    expect(await store.groups({})).toEqual([]);
    expect(await (await connection().commands()).call("exists", new Keys(prefix, "prod").letters)).toBe(0);
  });

  test("an entry without a body is removed by whoever lists it", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const keys = ["1", "2", "3"].map(keyOf);
    for (const one of keys) await ran(store, one, dead({ letter: letter("g") }));
    await (await connection().commands()).call("del", `${new Keys(prefix, "prod").record(keys[2] ?? "")}:d`);
    const page = await store.list({}, { limit: 2 });
    expect(ids(page)).toEqual([`${keys[1]}.a`, `${keys[0]}.a`]);
    expect(await store.groups({})).toMatchObject([{ count: 2 }]);
  });

  test("pages neither skip nor repeat what is left while letters are purged in between", async () => {
    let now = Date.now();
    const prefix = freshPrefix();
    const store = await started(
      withClock(connection(), () => now),
      prefix,
    );
    // Letters of one millisecond are told apart by their ids, whose order is not that of a dictionary.
    const names = ["a", "B", "_", "-", "b", "A", "Z", "z", "0", "9", "ä"];
    for (const [at, name] of names.entries()) {
      if (at === 8) now += 1;
      await ran(store, keyOf(name), dead(), { id: `${keyOf(name)}.x` });
    }
    const before = ids(await store.list({}, all));
    expect(before).toHaveLength(names.length);
    const seen: string[] = [];
    let last: StoredLetter | undefined;
    do {
      const page = await store.list({}, { limit: 3, after: last });
      seen.push(...ids(page));
      last = page.at(-1);
      // The last of the page, by which the next goes on, and the first of that.
      if (seen.length === 3) for (const id of before.slice(2, 4)) expect(await store.purge({ id })).toBe(1);
    } while (last);
    expect(seen).toEqual(before.filter((id) => id !== before[3]));
  });

  test("more letters than are looked at in one call are all listed, counted, filtered and purged", async () => {
    const store = await started(connection(), freshPrefix());
    const keys = Array.from({ length: 1_100 }, (_, at) => keyOf(`many-${at}-`));
    await store.apply(keys.map((one, at) => claim(one, { tenant: at % 100 === 7 ? "acme" : "other" })));
    const fences = (await store.read(keys)).map((record) => record?.fence ?? 0);
    const as = (at: number) => dead({ reason: at % 550 === 9 ? "DEADLINE" : "REJECTED", letter: letter(`g${at % 2}`) });
    await store.apply(keys.map((one, at) => settle(one, fences[at] ?? 0, as(at))));
    expect(new Set(ids(await store.list({}, { limit: 2_000 }))).size).toBe(1_100);
    expect(await store.list({ reasons: ["DEADLINE"] }, all)).toHaveLength(2);
    const filters: readonly [LetterFilter, number][] = [
      [{ tenant: "acme" }, 11],
      // Those of acme are gone by then.
      [{ group: "g1" }, 539],
    ];
    for (const [filter, count] of filters) {
      expect((await store.groups(filter)).reduce((sum, group) => sum + group.count, 0)).toBe(count);
      expect(await store.purge(filter)).toBe(count);
      expect(await store.list(filter, all)).toEqual([]);
    }
    expect(await store.forget({ tenant: "other" })).toBe(1_089);
    expect(await store.groups({})).toEqual([]);
  });

  test("an older letter keeps the time it was promised when its work dies once more, for less", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    await ran(store, key, dead({ letter: letter("long", 90 * day) }));
    const redrive = { op: "redrive", key, id: `${key}.a`, newId: `${key}.b`, steps: "keep", deadlineMs: day } as const;
    await store.apply([redrive]);
    const fence = await claimed(store, key, { id: `${key}.b` });
    await store.apply([settle(key, fence, dead({ keepMs: minute, letter: letter("short", minute) }))]);
    const left = await (await connection().commands()).call("pttl", `${new Keys(prefix, "prod").record(key)}:d`);
    expect(Number(left)).toBeGreaterThan(90 * day);
    expect(await store.get(`${key}.a`)).toMatchObject({ body: '"long"' });
  });

  test("letters that outlive the record of their work are erased with its tenant, and with its key", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const [byTenant = "", byKey = ""] = ["tenant", "key"].map(keyOf);
    for (const one of [byTenant, byKey]) await ran(store, one, dead(), { tenant: `of ${one}` });
    const client = await connection().commands();
    const names = new Keys(prefix, "prod");
    // As Redis does when their time is over.
    for (const one of [byTenant, byKey]) await client.call("del", names.record(one));
    expect(await store.list({}, all)).toHaveLength(2);
    await store.forget({ tenant: `of ${byTenant}` });
    expect(ids(await store.list({}, all))).toEqual([`${byKey}.a`]);
    await store.forget({ key: byKey });
    expect(await store.list({}, all)).toEqual([]);
    for (const one of [byTenant, byKey]) expect(await client.call("exists", `${names.record(one)}:d`)).toBe(0);
    for (const of of ["", ":meta", ":expiry", ":groups"])
      expect(await client.call("exists", names.letters + of)).toBe(0);
  });
});
