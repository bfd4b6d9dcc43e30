import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue, encodeOrThrow, encodeValue, sizeOf } from "../src/job/value.ts";

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
    expect(() => encodeOrThrow(value, "it", 1_000)).toThrow(message);
    expect(() => encodeOrThrow(value, "it", 1_000)).toThrow(expect.objectContaining({ code: "STEP_VALUE_UNSTORABLE" }));
  });

  it("refuse what is too large with both sizes", () => {
    expect(() => encodeOrThrow("x".repeat(200), "the value", 100)).toThrow(
      "the value is 202 bytes and the store takes 100",
    );
  });
});
