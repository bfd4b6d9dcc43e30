import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../src/job/canonical-json.ts";
import { certainlyFits } from "../src/job/certainly-fits.ts";
import { defaultPayloadLimits as limits } from "../src/job/limits.ts";

describe("the look before the schema", () => {
  it("never takes what canonical JSON would refuse", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const small = fc.record({
      bytes: fc.integer({ min: 1, max: 400 }),
      depth: fc.integer({ min: 1, max: 4 }),
      nodes: fc.integer({ min: 1, max: 20 }),
      keys: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(anything, fc.oneof(small, fc.constant(limits)), (value, within) => {
        if (certainlyFits(value, within)) canonicalJson(value, within);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes what people enqueue, so that it is not written twice", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: "grapheme" }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(certainlyFits(value, limits)).toBe(true);
      }),
    );
    expect(certainlyFits({ text: "x".repeat(100_000), gone: undefined }, limits)).toBe(true);
  });

  it.each([
    ["a getter that throws", Object.defineProperty({}, "x", { enumerable: true, get: () => JSON.parse("{") })],
    ["a lone surrogate", { text: "\ud800" }],
    ["a hole", Object.assign([], { 1: 1 })],
    ["a text that may be too long once written", "x".repeat(200_000)],
    ["a name that is dangerous elsewhere", JSON.parse('{"__proto__":1}')],
    ["what holds itself", ((list: unknown[]) => list.push(list) && list)([])],
  ])("leaves %s to canonical JSON", (_name, value) => {
    expect(certainlyFits(value, limits)).toBe(false);
  });
});
