import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromRecord, toRecord } from "../src/idempotency/step-value.ts";
import { decodeValue, encodeValue, sizeOf } from "../src/job/value.ts";

const trip = (value: unknown): unknown => decodeValue(encodeValue(value));

describe("stored values", () => {
  it("come back as JSON would give them", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(trip(value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(trip({ at: new Date(0), gone: undefined, also: () => 1 })).toEqual({ at: "1970-01-01T00:00:00.000Z" });
    expect(trip(undefined)).toBeUndefined();
  });

  it("keep vectors bit for bit, at a quarter of the size", () => {
    const vector = Float32Array.from({ length: 3072 }, (_, index) => Math.sin(index) / 3);
    const view = new Float32Array(vector.buffer, 4, 10);
    expect(trip({ list: [vector] })).toEqual({ list: [vector] });
    expect(trip(view)).toEqual(new Float32Array(view));
    expect(trip(new Float32Array([Number.NaN, -0, Number.POSITIVE_INFINITY]))).toEqual(
      new Float32Array([Number.NaN, -0, Number.POSITIVE_INFINITY]),
    );
    expect(sizeOf(encodeValue(vector))).toBeLessThan(17_000);
  });

  it("keep strings that look like an encoded vector", () => {
    for (const text of ["~", "~~", "~f32:", "~f32:AAAA", "~~f32:AAAA"]) expect(trip([text])).toEqual([text]);
  });

  it.each([
    ["NaN", { score: Number.NaN }, /NaN at "score"/],
    ["a BigInt", { n: 1n }, /BigInt/],
    ["another typed array", { v: new Float64Array(2) }, /Float64Array/],
    ["a Buffer's view", new DataView(new ArrayBuffer(4)), /DataView/],
    [
      "a throwing toJSON",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
      /no/,
    ],
  ])("refuse %s", (_name, value, message) => {
    expect(() => encodeValue(value)).toThrow(message);
  });
});

describe("a step's value on record", () => {
  const trip = (value: unknown, storeTakes = 100, maxBytes?: number) =>
    fromRecord("pay", toRecord(value, storeTakes), maxBytes);
  const coded = (code: string) => expect.objectContaining({ code });

  it("comes back, whatever it looks like", () => {
    for (const value of ["receipt", "~omitted:{}", undefined, null, { n: 1 }, new Float32Array([1])])
      expect(trip(value)).toEqual(value);
  });

  it("that is no JSON leaves on record that the effect happened, and why its value is not there", () => {
    expect(() => trip({ n: 1n })).toThrow(coded("STEP_VALUE_UNSTORABLE"));
    expect(() => trip({ n: 1n })).toThrow(/step "pay" had its effect and does not run again, .* BigInt/);
  });

  it("that is too large leaves on record that the effect happened, and both sizes", () => {
    expect(() => trip("x".repeat(200))).toThrow(coded("STEP_VALUE_TOO_LARGE"));
    expect(() => trip("x".repeat(200))).toThrow(/202 bytes and the store takes 100/);
  });

  it("that is larger than the step declared is kept, for whoever raises maxBytes", () => {
    const stored = toRecord("x".repeat(50), 100);
    expect(() => fromRecord("pay", stored, 20)).toThrow(coded("STEP_VALUE_TOO_LARGE"));
    expect(() => fromRecord("pay", stored, 20)).toThrow(/answered 52 bytes, its maxBytes is 20/);
    expect(fromRecord("pay", stored, 52)).toBe("x".repeat(50));
  });
});
