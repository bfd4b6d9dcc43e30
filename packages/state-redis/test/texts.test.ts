import { describe, expect, test } from "vitest";
import { fromText, toText } from "../src/text.ts";
import {
  applied,
  beat,
  claim,
  claimed,
  completed,
  day,
  dead,
  keyOf,
  minute,
  ran,
  reserve,
  retrying,
  settle,
  stepBegin,
  stepDone,
} from "./operations.ts";
import { connected, freshPrefix, servers, started, withClock } from "./servers.ts";

/*
 * Redis keeps bytes and Lua counts them. Whatever a text has in it, it comes back as it went.
 */

const texts: Readonly<Record<string, string>> = {
  "that is empty": "",
  "with a NUL": "\0nul \0 \0",
  "with half a character": "\ud800 lone \udfff",
  "that begins as ours do": '\u0001"marked"',
  "of another mark": "\u0001",
  "like a pattern": "%d+ [^:]* $1 ^ ( %",
  "with colons and braces": "a:b:{c}:d",
  "in quotes": '"\\"\\u0000',
  "of many bytes": "ü😀語".repeat(100),
};

test("different texts stay different", () => {
  const all = [...Object.values(texts), ...Object.values(texts).map(toText)];
  expect(new Set(all.map(toText)).size).toBe(new Set(all).size);
  for (const text of all) expect(fromText(toText(text))).toBe(text);
});

describe.each(servers)("texts on $name", { concurrent: true }, ({ source }) => {
  const connection = connected(source);
  const key = keyOf("texts");

  test.each(Object.entries(texts))("%s come back from a record and all that is beside it", async (_, text) => {
    let now = Date.now();
    const store = await started(
      withClock(connection(), () => now),
      freshPrefix(),
    );
    // An owner, an id and a group cannot be empty; the first colon ends the worker's name.
    const [worker = "", id, owner] = [text.split(":")[0], `${key}.${text}`, `${text}:1`];
    const about = { id, type: `t${text}`, lane: `l${text}`, tenant: `n${text}`, fingerprint: `f${text}` };
    const progress = { fraction: 0.5, note: text };
    const error = { code: `c${text}`, message: text };
    const retry = retrying({ error });

    await store.apply([reserve(key, about)]);
    const fence = await claimed(store, key, { ...about, owner });
    await store.apply([
      { op: "renew", key, owner, fence, leaseMs: minute, progress },
      stepBegin(key, fence, text, { owner, input: text }),
      stepDone(key, fence, text, text, owner),
    ]);
    expect(await applied(store, stepBegin(key, fence, text, { owner, input: text }))).toEqual({
      is: "memo",
      value: text,
    });
    expect(await applied(store, stepBegin(key, fence, text, { owner, input: `${text}.` }))).toEqual({
      is: "input-differs",
    });
    expect(await applied(store, stepDone(key, fence, text, `${text}.`, owner))).toEqual({ is: "already", value: text });
    expect((await store.read([key]))[0]).toMatchObject({ key, ...about, owner, progress });
    expect(await applied(store, settle(key, fence, retry, owner))).toMatchObject({ is: "settled" });
    expect((await store.read([key]))[0]).toMatchObject({ error, history: [{ code: error.code, worker }] });
    expect(await applied(store, reserve(key, { ...about, id: "x", fingerprint: "other" }))).toMatchObject({
      is: "conflict",
      id,
      fingerprint: about.fingerprint,
    });

    // Its worker dies, and the next one learns of it.
    await claimed(store, key, { ...about, owner });
    now += day;
    const taken = await applied(store, claim(key, { ...about, owner: "next" }));
    expect(taken).toMatchObject({
      is: "acquired",
      history: [
        { worker, code: error.code },
        { worker, as: "crash" },
      ],
    });
    await store.apply([{ op: "cancel", key, id, by: text, keepMs: day }]);
    const last = taken.is === "acquired" ? taken.fence : 0;
    const held = { key, owner: "next", fence: last };
    expect(await applied(store, { op: "renew", ...held, leaseMs: minute })).toMatchObject({
      cancelRequested: { by: text },
    });
    expect((await store.read([key]))[0]).toMatchObject({ cancelRequested: { by: text } });
    await store.apply([settle(key, last, completed(text, { envelope: text, followUps: text }), "next")]);
    expect(await store.result(key)).toBe(text);
    expect(await store.envelope(key)).toBe(text);
    expect(await applied(store, reserve(key, { ...about, id: "y" }))).toMatchObject({
      is: "replayed",
      id,
      result: text,
    });
    expect(await applied(store, claim(key, about))).toMatchObject({ is: "finished", followUps: text });
    expect(await applied(store, claim(key, { ...about, id: "z" }))).toMatchObject({ is: "superseded", by: id });
  });

  test.each(Object.entries(texts))("%s come back from a letter, of a job of any id", async (_, text) => {
    const store = await started(connection(), freshPrefix());
    const of = { type: `t${text}`, tenant: `n${text}` };
    // Ids that brokers of others make up have nothing of the key in them.
    for (const id of [`${key}.${text}`, `x${text}`]) {
      const letter = { group: text, body: text, keepMs: day };
      await ran(store, key, dead({ letter, error: { code: "E", message: text } }), { ...of, id, force: true });
      const expected = { id, key, body: text };
      expect(await store.get(id)).toMatchObject(expected);
      for (const filter of [{ group: text }, { type: of.type }, { tenant: of.tenant }])
        expect(await store.list(filter, { limit: 9 })).toMatchObject([expected]);
      expect(await store.groups({ group: text })).toMatchObject([{ type: of.type, group: text, count: 1, sample: id }]);
      expect((await store.read([key]))[0]).toMatchObject({ id, error: { message: text } });
      expect(await applied(store, { op: "redrive", key, id, newId: `${id}.`, steps: "keep", deadlineMs: day })).toEqual(
        {
          is: "redriven",
        },
      );
      expect(await applied(store, { op: "unreserve", key, id: `${id}.` })).toEqual({ is: "gone" });
      expect(await store.purge({ id })).toBe(1);
      expect(await store.list({}, { limit: 9 })).toEqual([]);
      expect(await store.groups({})).toEqual([]);
    }
    await ran(store, key, dead(), { ...of, force: true, id: `x${text}.` });
    expect(await store.forget({ tenant: of.tenant })).toBe(1);
    expect(await store.list({}, { limit: 9 })).toEqual([]);
  });

  test.each(Object.entries(texts))(
    "%s come back from a result that was not kept, a cancel and a worker",
    async (_, text) => {
      const store = await started(connection(), freshPrefix());
      await ran(store, key, completed(undefined, { kind: { kind: "omitted", why: text } }));
      expect((await store.read([key]))[0]?.result).toEqual({ kind: "omitted", why: text });
      expect(await applied(store, reserve(key, { id: `${key}.b` }))).toMatchObject({
        is: "replayed",
        kind: { kind: "omitted", why: text },
        result: undefined,
      });
      const other = keyOf("other");
      await store.apply([reserve(other), { op: "cancel", key: other, id: `${other}.a`, by: text, keepMs: day }]);
      expect((await store.read([other]))[0]?.error).toEqual({ code: "JOB_CANCELLED", message: text });
      await store.beat({ ...beat(`w${text}`), where: text }, day);
      expect(await store.workers()).toMatchObject([{ id: `w${text}`, where: text }]);
    },
  );

  test("numbers that are as large as options let them be", async () => {
    const store = await started(connection(), freshPrefix());
    const version = 202_611_220_400;
    await store.apply([reserve(key, { version, deadlineMs: Number.MAX_SAFE_INTEGER })]);
    const of = { version, maxCrashes: Number.MAX_SAFE_INTEGER, fingerprint: "another" };
    expect(await applied(store, claim(key, { ...of, version: version + 1 }))).toMatchObject({ doomed: undefined });
    expect(await applied(store, claim(key, of))).toMatchObject({ is: "acquired", doomed: "CONFLICT" });
    expect((await store.read([key]))[0]).toMatchObject({ version });
  });
});
