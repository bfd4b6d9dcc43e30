import { expect } from "vitest";
import { completed, reserve, settle, stepBegin, stepDone } from "./operations.ts";
import type { Promised } from "./stage.ts";

/** Values are JSON text as core encodes it, or nothing at all. */
const odd: Readonly<Record<string, string>> = {
  nothing: "",
  null: "null",
  "an escaped NUL": JSON.stringify("a\u0000b"),
  "emoji and combining marks": JSON.stringify("👩‍👩‍👧‍👦 e\u0301 ﷽ 日本語"),
  "a lone surrogate": JSON.stringify("\ud800 and \udfff"),
  "quotes, line separators and placeholders": JSON.stringify("\u2028\u2029\r\n\t\\\"'`{x}%s:?$1 {}"),
  "an order of keys, odd spaces and numbers": '{ "b":1.0,"a":1e400,  "10":2, "9":12345678901234567890, "b":2 }',
  "keys that mean something to JavaScript": '{"__proto__":{"a":1},"constructor":1,"length":-1}',
};

export function values(promised: Promised): void {
  for (const [what, value] of Object.entries(odd)) {
    promised(`${what} comes back as it went: as result, replay, envelope and step`, async (stage) => {
      const running = await stage.running();
      await stage.expect("run", stepBegin(running, "charge"));
      await stage.expect("recorded", stepDone(running, "charge", value));
      expect(await stage.apply(stepBegin(running, "charge")), "step").toEqual({ is: "memo", value });
      await stage.expect("settled", settle(running, completed(value, { envelope: value })));
      expect(await stage.store.result(running.key), "result").toBe(value);
      expect(await stage.store.envelope(running.key), "envelope").toBe(value);
      const replayed = await stage.expect("replayed", reserve({ ...running.job, id: `${running.key}.next` }));
      expect(replayed.result, "replay").toBe(value);
    });
  }

  promised("values as large as declared come back whole", async (stage) => {
    const { maxValueBytes } = stage.features;
    // Two bytes to the letter, so that counting characters instead of bytes shows.
    const value = JSON.stringify("é".repeat(Math.floor(maxValueBytes / 2) - 1));
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(maxValueBytes);
    const running = await stage.running();
    await stage.expect("run", stepBegin(running, "embed"));
    await stage.expect("recorded", stepDone(running, "embed", value));
    const memo = await stage.expect("memo", stepBegin(running, "embed"));
    await stage.expect("settled", settle(running, completed(value, { envelope: value })));
    // Not toBe on the texts: a difference in a quarter of a megabyte is no reading.
    const found = [memo.value, await stage.store.result(running.key), await stage.store.envelope(running.key)];
    expect(found.map((text) => text === value)).toEqual([true, true, true]);
  });

  promised("tenants, owners and inputs of any text are told apart", async (stage) => {
    const texts = ["a", "A", "a ", "ä", "a\u0308", "👩‍👩‍👧", "'; --", "__proto__", "x".repeat(256)];
    for (const text of texts) {
      const running = await stage.running({ tenant: text }, { owner: text });
      expect(await stage.standing(running)).toMatchObject({ tenant: text, owner: text });
      await stage.expect("run", stepBegin(running, "charge", { input: text }));
      await stage.expect("input-differs", stepBegin(running, "charge", { input: `${text}.` }));
    }
    for (const tenant of texts) expect(await stage.store.forget({ tenant }), `records of ${tenant}`).toBe(1);
  });
}
