import fc from "fast-check";
import { expect, test } from "vitest";
import { queueName, registryName } from "../src/lane-name.ts";

const anyText = fc.string({ unit: "binary", maxLength: 300 });
/** Every 16-bit unit, halves of a surrogate pair included. */
const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

test("a plain lane is recognised in its name", () => {
  expect(queueName("shop", "mail.send")).toBe("shop/mail.send");
});

test("names are short and hold nothing that a broker gives a meaning", () => {
  fc.assert(
    fc.property(anyText, anyUnits, (namespace, lane) => {
      const name = queueName(namespace, lane);
      expect(name).toMatch(/^[\w.~-]*\/[\w.~-]*$/);
      expect(name.length).toBeLessThanOrEqual(401);
    }),
  );
});

test("different lanes have different names, and none is the registry's", () => {
  fc.assert(
    fc.property(anyText, anyUnits, anyUnits, (namespace, one, other) => {
      fc.pre(one !== other);
      expect(queueName(namespace, one)).not.toBe(queueName(namespace, other));
      expect(queueName(namespace, one)).not.toBe(registryName(namespace));
    }),
  );
  expect(queueName("a", "b/c")).not.toBe(queueName("a/b", "c"));
  expect(queueName("a", "~lanes")).not.toBe(registryName("a"));
});
