import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonbData } from "../src/postgres/jsonb-data.ts";
import { textData } from "../src/redis/text-data.ts";
import { foreign } from "./foreign.ts";

/** Every 16-bit unit, halves of a surrogate pair included. */
const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
/** What core writes, what looks like it, and what looks like our own wrapping. */
const anyEnvelope = fc.oneof(
  anyUnits,
  fc.jsonValue().map((value) => JSON.stringify(value)),
  anyUnits.map((text) => `{${text}}`),
  anyUnits.map((text) => `{"~":${JSON.stringify(text)}}`),
);

describe.each([
  ["PostgreSQL", jsonbData, (text: string) => JSON.stringify(JSON.parse(text))],
  ["Redis", textData, (text: string) => Buffer.from(text).toString()],
])("in %s", (_where, { encode, decode }, kept) => {
  test("any envelope comes out as it went in", () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        expect(decode(kept(encode(envelope)))).toBe(envelope);
      }),
    );
  });

  test("a job somebody else put into the queue, or a damaged one, comes out as the text it is", () => {
    for (const data of foreign.map((stored) => JSON.stringify(stored))) expect(decode(data)).toBe(data);
    fc.assert(fc.property(anyUnits, (data) => typeof decode(data) === "string"));
    expect(decode('{"~":5}')).toBe('{"~":5}');
    expect(decode('{"~":"cut off')).toBe('{"~":"cut off');
  });

  test("what an envelope of ours comes to is JSON, which tools for BullMQ expect", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => JSON.parse(encode(JSON.stringify(value)))).not.toThrow();
        expect(() => JSON.parse(encode("no JSON"))).not.toThrow();
      }),
    );
  });
});

test("what jsonb refuses is not even there as an escape", () => {
  fc.assert(
    fc.property(anyUnits, (envelope) => {
      expect(jsonbData.encode(envelope)).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89ab])/i);
    }),
  );
});

test("an envelope of core's stands in Redis as it is", () => {
  const envelope = '{"v":1,"payload":{"text":"\u00e9"}}';
  expect(textData.encode(envelope)).toBe(envelope);
});
