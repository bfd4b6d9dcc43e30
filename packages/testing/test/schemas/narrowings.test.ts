import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { narrowings } from "../../src/schemas/narrowings.ts";
import { changed, type Shape, shapes, valuesOf, zodOf } from "./shapes.ts";

const json = (schema: z.ZodType) => schema["~standard"].jsonSchema.input({ target: "draft-2020-12" });
const between = (before: z.ZodType, after: z.ZodType): readonly string[] =>
  narrowings(json(before), json(after)).map(({ path, problem }) => `${path}: ${problem}`);

const base = z.object({ id: z.string(), n: z.number().optional() });
interface Tree {
  readonly kids: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  get kids() {
    return z.array(tree);
  },
});
const named: z.ZodType = z.object({
  name: z.string(),
  get kids() {
    return z.array(named);
  },
});
const numbered: z.ZodType = z.object({
  name: z.number(),
  get kids() {
    return z.array(numbered);
  },
});
const email = z.object({ kind: z.literal("email"), to: z.string() });
const sms = z.object({ kind: z.literal("sms"), number: z.string() });
const push = z.object({ kind: z.literal("push"), device: z.string() });

describe("what still fits", () => {
  it.each<[string, z.ZodType, z.ZodType]>([
    ["nothing has changed", base, base],
    ["a new optional field", base, base.extend({ model: z.string().optional() })],
    ["a new field with a default", base, base.extend({ model: z.string().default("small") })],
    ["a field that is optional now", base, base.partial()],
    ["a field that is gone", base, base.omit({ n: true })],
    ["a wider enum", z.object({ e: z.enum(["a", "b"]) }), z.object({ e: z.enum(["c", "b", "a"]) })],
    ["an enum that is any text now", z.object({ e: z.enum(["a"]) }), z.object({ e: z.string() })],
    ["an enum within bounds", z.object({ e: z.enum(["aa", "b"]) }), z.object({ e: z.string().min(1).max(2) })],
    ["an enum as a union of literals", z.enum(["a", "b"]), z.union([z.literal("b"), z.literal("a")])],
    ["a literal among others", z.literal("a"), z.enum(["a", "b"])],
    ["null as well", base, base.extend({ id: z.string().nullable() })],
    ["another type as well", base, base.extend({ id: z.union([z.string(), z.number()]) })],
    ["looser bounds", z.string().min(2).max(5), z.string().min(1).max(6)],
    ["looser numbers", z.number().min(1).max(2).multipleOf(4), z.number().gte(0).lt(3).multipleOf(2)],
    ["a number instead of a whole one", z.number().int(), z.number()],
    ["a pattern that is gone", z.string().regex(/^a/), z.string()],
    ["a longer list", z.array(z.string()).max(2), z.array(z.string()).max(3)],
    ["anything", base, z.unknown()],
    ["another kind of message", z.discriminatedUnion("kind", [email]), z.discriminatedUnion("kind", [sms, email])],
    ["one that is a union now", email, z.union([push, email])],
    ["unions in another order", z.union([z.string(), z.number()]), z.union([z.number(), z.string(), z.boolean()])],
    ["a record", z.record(z.string(), z.number().int()), z.record(z.string(), z.number())],
    ["a strict object as a record", z.strictObject({ a: z.number() }), z.record(z.string(), z.number())],
    ["a tuple as a list", z.tuple([z.string(), z.string()]), z.array(z.string())],
    ["a schema that contains itself", tree, tree],
    [
      "an intersection",
      z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
      z.object({ a: z.string(), b: z.string() }),
    ],
    [
      "a transformed field, by what comes in",
      z.object({ n: z.string() }),
      z.object({ n: z.string().transform(Number) }),
    ],
    ["other words about it", z.string().describe("old"), z.string().describe("new").meta({ title: "t" })],
  ])("%s", (_what, before, after) => expect(between(before, after)).toEqual([]));
});

describe("what does not fit any more, and where", () => {
  it.each<[string, z.ZodType, z.ZodType, readonly string[]]>([
    ["a new required field", base, base.extend({ m: z.string() }), ["payload.m: is new, and required"]],
    ["a field that is required now", base, base.required(), ["payload.n: is required now"]],
    [
      "another type",
      base,
      base.extend({ id: z.number() }),
      ["payload.id: string is not allowed any more, only number"],
    ],
    ["a whole number", z.number(), z.number().int(), ["payload: number is not allowed any more, only integer"]],
    ["no null any more", z.string().nullable(), z.string(), ["payload: null is not allowed any more, only string"]],
    [
      "a narrower enum",
      z.enum(["a", "b", "c"]),
      z.enum(["a"]),
      ['payload: "b" is not allowed any more', 'payload: "c" is not allowed any more'],
    ],
    ["an enum instead of a text", z.string(), z.enum(["a"]), ['payload: may only be one of ["a"] now']],
    ["a literal instead of a text", z.string(), z.literal("a"), ['payload: may only be "a" now']],
    ["a literal out of bounds", z.literal("abc"), z.string().max(2), ['payload: "abc" is not allowed any more']],
    [
      "a literal that does not match",
      z.enum(["abc", "x"]),
      z.string().regex(/^x/),
      ['payload: "abc" is not allowed any more'],
    ],
    [
      "tighter bounds",
      z.string().max(9),
      z.string().min(1).max(8),
      ["payload: has to have at least 1 characters now", "payload: may have at most 8 characters now"],
    ],
    ["a pattern", z.string(), z.string().regex(/^x/), ['payload: has to have the pattern "^x" now']],
    [
      "numbers",
      z.number().max(9),
      z.number().gt(0).max(8),
      ["payload: has to be over 0 now", "payload: has to be at most 8 now"],
    ],
    ["an open bound", z.number().gte(1), z.number().gt(1), ["payload: has to be over 1 now"]],
    ["multiples", z.number().multipleOf(2), z.number().multipleOf(4), ["payload: has to be a multiple of 4 now"]],
    [
      "a shorter list",
      z.array(z.string()),
      z.array(z.string()).min(1).max(2),
      ["payload: has to have at least 1 items now", "payload: may have at most 2 items now"],
    ],
    [
      "entries of a list",
      z.object({ l: z.array(base) }),
      z.object({ l: z.array(base.required()) }),
      ["payload.l[].n: is required now"],
    ],
    [
      "a place of a tuple",
      z.tuple([z.string(), z.string()]),
      z.tuple([z.string(), z.number()]),
      ["payload[1]: string is not allowed any more, only number"],
    ],
    [
      "a strict object",
      base,
      z.strictObject({ id: z.string(), n: z.number().optional() }),
      ["payload: other fields are not allowed any more"],
    ],
    [
      "a field a strict object does not have",
      z.strictObject({ a: z.string(), b: z.string() }),
      z.strictObject({ a: z.string() }),
      ["payload.b: is not allowed any more"],
    ],
    [
      "an object as a record",
      base,
      z.record(z.string(), z.string()),
      [
        "payload.n: number is not allowed any more, only string",
        "payload{}: anything is not allowed any more, only string",
      ],
    ],
    [
      "values of a record",
      z.record(z.string(), z.string()),
      z.record(z.string(), z.number()),
      ["payload{}: string is not allowed any more, only number"],
    ],
    [
      "a field beside a record's",
      z.record(z.string(), z.string()),
      z.object({ a: z.number().optional() }),
      ["payload.a: string is not allowed any more, only number"],
    ],
    [
      "a kind that is gone",
      z.discriminatedUnion("kind", [email, sms]),
      z.discriminatedUnion("kind", [email, push]),
      ['payload.kind: "sms" is not allowed any more'],
    ],
    [
      "within the kind",
      z.discriminatedUnion("kind", [sms, email]),
      z.discriminatedUnion("kind", [sms, email.extend({ to: z.number() })]),
      ["payload.to: string is not allowed any more, only number"],
    ],
    [
      "a type out of a union",
      z.union([z.string(), z.boolean()]),
      z.union([z.string(), z.number()]),
      ["payload: boolean is not allowed any more, only string or number"],
    ],
    ["what was anything", z.unknown(), z.string(), ["payload: anything is not allowed any more, only string"]],
    ["deep inside itself", named, numbered, ["payload.name: string is not allowed any more, only number"]],
  ])("%s", (_what, before, after, problems) =>
    expect([...between(before, after)].sort()).toEqual([...problems].sort()),
  );

  it("what it does not understand it does not let pass", () => {
    expect(narrowings({ type: "object" }, { type: "object", if: { minProperties: 1 } })).toEqual([
      { path: "payload", problem: '"if" is new or has changed, and cannot be compared' },
    ]);
    expect(narrowings({ not: { type: "null" } }, { not: { type: "null" } })).toEqual([]);
    expect(narrowings({ type: "string" }, { $ref: "https://elsewhere" })).toHaveLength(1);
    expect(narrowings({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }, { type: "string" })).toHaveLength(1);
  });
});

describe("any two schemas", { timeout: 60_000 }, () => {
  it("that are said to be compatible are: no value that the old one parsed is refused by the new one", async () => {
    let tries = 0;
    const tried = shapes.any.chain((shape) =>
      fc.tuple(fc.constant(shape), changed(shape), fc.array(valuesOf(shape), { minLength: 10 })),
    );
    await fc.assert(
      fc.property(tried, ([was, is, values]) => {
        const [before, after] = [zodOf(was), zodOf(is)];
        if (between(before, after).length > 0) return;
        for (const value of values) {
          const parsed = before.safeParse(value);
          // What waits is what the old schema made of it.
          if (!parsed.success) continue;
          tries++;
          expect(after.safeParse(parsed.data).success, JSON.stringify(parsed.data)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
    expect(tries, "values of pairs that are compatible").toBeGreaterThan(300);
  });

  it("of which the new one is the old one are compatible", async () => {
    const isSame = (shape: Shape): void => expect(between(zodOf(shape), zodOf(shape))).toEqual([]);
    await fc.assert(
      fc.property(shapes.any, (shape) => {
        isSame(shape);
      }),
      { numRuns: 300 },
    );
  });
});
