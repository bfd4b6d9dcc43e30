import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../src/job/canonical-json.ts";
import {
  checkTenant,
  differingFields,
  digest,
  effectKey,
  fingerprintOf,
  guardKey,
  jobId,
  keyOf,
} from "../src/job/identity.ts";
import { defaultPayloadLimits as limits } from "../src/job/limits.ts";
import { correlationText } from "../src/job/payload.ts";

const fieldName = fc.string().filter((name) => name !== "__proto__" && name !== "constructor");
const canonical = (value: unknown) => canonicalJson(value, limits);
const fingerprint = (value: unknown) => fingerprintOf(canonical(value));

describe("guard key", () => {
  it("keeps apart what plain joining would mix up", () => {
    expect(guardKey("n", "a:b", "c", "d")).not.toBe(guardKey("n", "a", "b:c", "d"));
    expect(guardKey("n", undefined, "t", "c")).not.toBe(guardKey("n", "-", "t", "c"));
    expect(correlationText({ a: "1" })).not.toBe(correlationText({ a: 1 }));
    expect(correlationText({ a: 1, b: 2 })).toBe(correlationText({ b: 2, a: 1 }));
  });

  it("is 32 characters that fit in any key, whatever goes in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (tenant, correlation) => {
        const key = guardKey("n", tenant, "t", correlation);
        expect(key).toMatch(/^[\w-]{32}$/);
        expect(keyOf(jobId(key, "x"))).toBe(key);
      }),
    );
  });

  it("finds no key in a foreign id", () => {
    for (const id of ["", "1", "a.b", `${"x".repeat(31)}.y`, `${"ü".repeat(32)}.y`]) expect(keyOf(id)).toBeUndefined();
  });

  it("refuses an id's suffix that a broker might choke on", () => {
    for (const bad of ["", "a:b", "a.b", "x".repeat(65), "ü", "a b"])
      expect(() => jobId("k".repeat(32), bad)).toThrow(/expected 1 to 64 characters/);
  });

  it("gives an effect one key per generation and step", () => {
    const keys = [effectKey("k", 0, "a"), effectKey("k", 1, "a"), effectKey("k", 0, "b"), effectKey("l", 0, "a")];
    expect(new Set(keys).size).toBe(4);
    expect(effectKey("k", 0, "a")).toBe(keys[0]);
  });
});

describe("fingerprint", () => {
  it("is equal for equal payloads and at most 64 characters", () => {
    fc.assert(
      fc.property(fc.dictionary(fieldName, fc.oneof(fc.string(), fc.integer(), fc.boolean())), (payload) => {
        const reversed = Object.fromEntries(Object.entries(payload).reverse());
        expect(fingerprint(payload)).toBe(fingerprint(reversed));
        expect(fingerprint(payload).length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it("names the fields that differ", () => {
    const standing = fingerprint({ id: 1, text: "a", model: "m" });
    expect(differingFields(standing, canonical({ id: 1, text: "b", model: "m" }))).toEqual(["text"]);
    expect(differingFields(standing, canonical({ id: 1, text: "b", model: "n" }))).toEqual(["model", "text"]);
  });

  it("names none when the fields themselves are others", () => {
    expect(differingFields(fingerprint({ a: 1 }), canonical({ b: 1 }))).toEqual([]);
  });
});

describe("tenant and digest", () => {
  it("takes any readable text as a tenant and refuses the rest", () => {
    for (const good of ["org-1", "Ünïcode 😀", "a:b/c*{}"]) expect(checkTenant(good)).toBe(good);
    for (const bad of ["", "a\nb", "a\u0000", "x".repeat(257), "\ud800", 7, null, undefined])
      expect(() => checkTenant(bad)).toThrow(/tenant id/);
  });

  it("digests text to 22 characters", () => {
    expect(digest("Arma virumque cano")).toMatch(/^[\w-]{22}$/);
    expect(digest("a")).not.toBe(digest("b"));
  });
});
