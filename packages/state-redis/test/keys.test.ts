import { describe, expect, test } from "vitest";
import { everything, keysLike } from "./everything.ts";
import {
  applied,
  beat,
  claimed,
  completed,
  day,
  dead,
  keyOf,
  ran,
  reserve,
  settle,
  stepBegin,
  stepDone,
} from "./operations.ts";
import { connected, freshPrefix, servers, started, withClock } from "./servers.ts";

describe.each(servers)("keys, on $name", { concurrent: true }, ({ source }) => {
  const connection = connected(source);
  const client = () => connection().commands();
  const shared = (prefix: string, namespace: string): string => `${prefix}:{${namespace}}:`;

  test("all begin with prefix and namespace, and those of one record are in one slot", async () => {
    const prefix = freshPrefix();
    await everything(await started(connection(), prefix, "prod"));
    const keys = await keysLike(await client(), `*${prefix}*`);
    const ofRecords = keys.filter((key) => key.startsWith(`${prefix}:prod:{`));
    const ofAll = keys.filter((key) => key.startsWith(shared(prefix, "prod")));
    expect([...ofRecords, ...ofAll].toSorted()).toEqual(keys.toSorted());
    const suffixes = ofRecords.map((key) => key.slice(key.indexOf("}") + 1));
    expect([...new Set(suffixes)].toSorted()).toEqual(["", ":d", ":e", ":f", ":r", ":s"]);
    // What is in braces says the slot; there is one pair, in the same place.
    for (const key of keys) expect(key).toMatch(/^[^{}]+\{[^{}]+\}[^{}]*$/);
    expect(new Set(ofAll.map((key) => key.slice(shared(prefix, "prod").length)))).toEqual(
      new Set(
        ["format", "workers", "letters", "letters:meta", "letters:expiry", "letters:groups"].concat([
          "letters:type:mail.send",
          "letters:group:group",
          "letters:tenant:acme",
        ]),
      ),
    );
  });

  test("all have an end, but the format and the index of letters, which a sweep empties", async () => {
    const prefix = freshPrefix();
    let now = Date.now();
    const store = await started(
      withClock(connection(), () => now),
      prefix,
    );
    await everything(store);
    const redis = await client();
    for (const key of await keysLike(redis, `${prefix}*`)) {
      const endless = [`${shared(prefix, "prod")}letters`, `${shared(prefix, "prod")}format`];
      if (endless.some((beginning) => key.startsWith(beginning))) continue;
      expect(Number(await redis.call("pttl", key)), `${key} lives for ever`).toBeGreaterThan(0);
    }
    now += 100 * day;
    await store.sweep(100);
    const left = await keysLike(redis, `${shared(prefix, "prod")}*`);
    expect(left.map((key) => key.slice(shared(prefix, "prod").length))).toEqual(["format"]);
  });

  test("a worker that is silent is forgotten by a sweep, though nobody asks for it", async () => {
    const prefix = freshPrefix();
    let now = Date.now();
    const store = await started(
      withClock(connection(), () => now),
      prefix,
    );
    await store.beat(beat("silent"), day);
    now += 2 * day;
    await store.beat(beat("alive"), day);
    await store.sweep(10);
    expect(await (await client()).call("hkeys", `${shared(prefix, "prod")}workers`)).toEqual(["alive"]);
  });

  test("steps go with the completion, also those that an earlier run had left", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const key = keyOf("steps");
    const fence = await claimed(store, key);
    await store.apply([
      stepBegin(key, fence, "charge"),
      stepDone(key, fence, "charge", "1"),
      settle(key, fence, dead()),
    ]);
    await store.apply([{ op: "redrive", key, id: `${key}.a`, newId: `${key}.b`, steps: "keep", deadlineMs: day }]);
    expect(await keysLike(await client(), `${prefix}:prod:*:s`)).toHaveLength(1);
    await store.apply([settle(key, await claimed(store, key, { id: `${key}.b` }), completed("1"))]);
    expect(await keysLike(await client(), `${prefix}:prod:*:s`)).toEqual([]);
  });

  test("what has expired and not been removed yet does not reach the next of its kind", async () => {
    let now = Date.now();
    const store = await started(
      withClock(connection(), () => now),
      freshPrefix(),
    );
    const key = keyOf("expired");
    const fence = await claimed(store, key);
    await store.apply([
      stepBegin(key, fence, "charge"),
      stepDone(key, fence, "charge", "1"),
      settle(key, fence, dead()),
    ]);
    now += 100 * day;
    await store.apply([reserve(key)]);
    const next = await claimed(store, key);
    expect(next).toBeGreaterThan(fence);
    expect(await applied(store, stepBegin(key, next, "charge"))).toEqual({ is: "run", repeated: false });
  });

  test("nothing is left when all records are forgotten", async () => {
    const prefix = freshPrefix();
    const store = await started(connection(), prefix);
    const keys = ["a", "b", "c"].map(keyOf);
    await ran(store, keys[0] ?? "", completed('"r"', { envelope: "{}", followUps: "[]" }), { tenant: "acme" });
    await ran(store, keys[1] ?? "", dead(), { tenant: "acme" });
    await ran(store, keys[2] ?? "", dead({ followUps: "[]" }));
    expect(await store.forget({ tenant: "acme" })).toBe(2);
    expect(await store.forget({ key: keys[2] ?? "" })).toBe(1);
    expect(await keysLike(await client(), `${prefix}*`)).toEqual([`${shared(prefix, "prod")}format`]);
  });

  test("namespaces do not see each other, nor do prefixes, even where one begins like the other", async () => {
    const prefix = freshPrefix();
    const key = keyOf("same");
    const stores = [
      await started(connection(), prefix, "prod"),
      await started(connection(), prefix, "prod.eu"),
      await started(connection(), `${prefix}.prod`, "prod"),
    ];
    const [one, ...others] = stores;
    await ran(one as (typeof stores)[0], key, dead(), { tenant: "acme" });
    for (const other of others) {
      expect(await other.read([key])).toEqual([undefined]);
      expect(await other.list({}, { limit: 9 })).toEqual([]);
      expect(await other.forget({ tenant: "acme" })).toBe(0);
    }
    expect(await one?.list({}, { limit: 9 })).toHaveLength(1);
  });

  test("work that gives its place back is as it was: result, envelope, steps and how long they are kept", async () => {
    const prefix = freshPrefix();
    const now = Date.now();
    const store = await started(
      withClock(connection(), () => now),
      prefix,
    );
    const [done = "", gone = ""] = ["done", "gone"].map(keyOf);
    // Too large to be kept within the record.
    const result = `"${"result ".repeat(100)}"`;
    await ran(store, done, completed(result, { envelope: '"envelope"', keepMs: 90 * day }));
    await store.apply([reserve(gone)]);
    const fence = await claimed(store, gone);
    await store.apply([
      stepBegin(gone, fence, "charge"),
      stepDone(gone, fence, "charge", '"paid"'),
      settle(gone, fence, dead()),
    ]);
    const state = async () => {
      const redis = await client();
      const keys = await keysLike(redis, `${prefix}:prod:*`);
      const at = async (key: string) => Math.round((Date.now() + Number(await redis.call("pttl", key)) - now) / 1_000);
      return {
        records: await store.read([done, gone]),
        result: await store.result(done),
        envelope: await store.envelope(done),
        ends: Object.fromEntries(await Promise.all(keys.toSorted().map(async (key) => [key, await at(key)]))),
      };
    };
    const before = await state();
    for (const key of [done, gone])
      expect(await applied(store, reserve(key, { id: `${key}.b`, force: true }))).toMatchObject({ is: "created" });
    const between = await state();
    // Should nobody ever claim it, what is left of the old work must not be found beside the next.
    const record = Object.entries(between.ends).find(([key]) => key.endsWith("}") && key.includes(done));
    for (const [key, at] of Object.entries(between.ends)) if (key.includes(done)) expect(at, key).toBe(record?.[1]);
    for (const key of [done, gone])
      expect(await applied(store, { op: "unreserve", key, id: `${key}.b` })).toEqual({ is: "gone" });
    expect(await state()).toEqual(before);
  });
});
