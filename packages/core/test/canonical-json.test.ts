import { describe, expect, it } from "vitest";
import { canonicalJson } from "../src/job/canonical-json.ts";
import { defaultPayloadLimits as limits } from "../src/job/limits.ts";

const text = (value: unknown): string => canonicalJson(value, limits).text;
const refusal = (value: unknown, over: Partial<typeof limits> = {}): unknown => {
  try {
    canonicalJson(value, { ...limits, ...over });
  } catch (error) {
    return { code: (error as { code: string }).code, ...(error as { details: object }).details };
  }
  return "accepted";
};

describe("canonical JSON", () => {
  it("is one text for one value, whatever the order of its keys", () => {
    expect(text({ b: 1, a: [true, null, "x"], c: { z: 1, y: 2 } })).toBe(
      '{"a":[true,null,"x"],"b":1,"c":{"y":2,"z":1}}',
    );
    expect(text({ c: { y: 2, z: 1 }, a: [true, null, "x"], b: 1 })).toBe(
      text({ b: 1, a: [true, null, "x"], c: { z: 1, y: 2 } }),
    );
  });

  it("sorts keys by code unit and writes numbers as JSON.stringify does", () => {
    expect(text({ "\u{1f600}": 1, z: -0, é: 1e21 })).toBe('{"z":0,"é":1e+21,"😀":1}');
  });

  it("leaves out what is undefined, and keeps a scalar payload", () => {
    expect(text({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(text("x")).toBe('"x"');
    expect(canonicalJson([1, 2], limits).fields).toEqual([]);
  });

  it("agrees with JSON.parse on everything it writes", () => {
    const value = { text: 'a\u0000\n"\\😀', list: [[], {}, [1.5, -2]], deep: { a: { b: { c: null } } } };
    expect(JSON.parse(text(value))).toEqual(value);
  });

  it.each([
    ["a BigInt", { list: [1n] }, "bigint", "list.0"],
    ["a function", { f: () => 1 }, "function", "f"],
    ["a symbol", { s: Symbol("x") }, "symbol", "s"],
    ["NaN", { n: Number.NaN }, "NaN", "n"],
    ["an infinity", [Number.POSITIVE_INFINITY], "Infinity", "0"],
    ["undefined in an array", [1, undefined], "undefined", "1"],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    ["a hole in an array", [1, , 2], "undefined", "1"],
    ["a lone surrogate", { t: "\ud800" }, "a lone surrogate", "t"],
    ["a Date", { at: new Date(0) }, "a Date", "at"],
    ["a Map", { m: new Map() }, "a Map", "m"],
    ["a class instance", { c: new (class Thing {})() }, "a Thing", "c"],
    ["__proto__", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'the key "__proto__"', "a"],
    ["constructor", { constructor: 1 }, 'the key "constructor"', ""],
  ])("refuses %s and says where", (_name, value, found, path) => {
    expect(refusal(value)).toEqual({ code: "PAYLOAD_NOT_JSON", found, path });
  });

  it("ends a cycle by its depth", () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(refusal(cycle)).toMatchObject({ code: "PAYLOAD_TOO_LARGE", limit: "depth", max: 64 });
  });

  it("refuses a bomb at its limit, not after it", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(refusal(deep)).toMatchObject({ limit: "depth", size: 65 });
    expect(refusal({ text: "x".repeat(2_000_000) })).toMatchObject({
      limit: "bytes",
      size: 2_000_004,
      max: 1_048_576,
      path: "text",
    });
    expect(refusal("é".repeat(600_000))).toMatchObject({ limit: "bytes", size: 1_200_002 });
    expect(refusal(Array.from({ length: 100_001 }, () => 1))).toMatchObject({ limit: "nodes" });
    expect(refusal(Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [index, 1])))).toMatchObject({
      limit: "keys",
      size: 1_001,
    });
  });

  it("takes exactly what the limits allow", () => {
    expect(refusal("x".repeat(98), { bytes: 100 })).toBe("accepted");
    expect(refusal("x".repeat(99), { bytes: 100 })).toMatchObject({ limit: "bytes", size: 101 });
    expect(refusal([[1]], { depth: 2 })).toBe("accepted");
    expect(refusal([[[1]]], { depth: 2 })).toMatchObject({ limit: "depth" });
  });
});
