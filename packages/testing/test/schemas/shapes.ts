import * as fc from "fast-check";
import { z } from "zod";

/** A small schema as data, so that it can be changed a little. */
export type Shape =
  | {
      readonly is: "string" | "number" | "integer";
      readonly least?: number | undefined;
      readonly more?: number | undefined;
    }
  | { readonly is: "boolean" | "null" | "unknown" }
  | { readonly is: "enum"; readonly values: readonly string[] }
  | { readonly is: "list"; readonly of: Shape; readonly most: number }
  | { readonly is: "union"; readonly of: readonly Shape[] }
  | { readonly is: "object"; readonly strict: boolean; readonly fields: Readonly<Record<string, Field>> };
interface Field {
  readonly of: Shape;
  readonly optional: boolean;
}

export function zodOf(shape: Shape): z.ZodType {
  switch (shape.is) {
    case "string": {
      const { least = 0, more } = shape;
      const text = z.string().min(least);
      return more === undefined ? text : text.max(least + more);
    }
    case "number":
    case "integer": {
      const number = shape.is === "integer" ? z.number().int() : z.number();
      const { least, more } = shape;
      if (least === undefined) return number;
      return more === undefined ? number.min(least) : number.min(least).max(least + more);
    }
    case "boolean":
      return z.boolean();
    case "null":
      return z.null();
    case "unknown":
      return z.unknown();
    case "enum":
      return z.enum(shape.values as [string]);
    case "list":
      return z.array(zodOf(shape.of)).max(shape.most);
    case "union":
      return z.union(shape.of.map(zodOf) as [z.ZodType]);
    case "object": {
      const fields = Object.fromEntries(
        Object.entries(shape.fields).map(([name, { of, optional }]) => [
          name,
          optional ? zodOf(of).optional() : zodOf(of),
        ]),
      );
      return shape.strict ? z.strictObject(fields) : z.object(fields);
    }
  }
}

const bounds = { least: fc.option(fc.nat(2), { nil: undefined }), more: fc.option(fc.nat(3), { nil: undefined }) };
const words = ["", "a", "b", "abc"];

export const shapes = fc.letrec<{ any: Shape; leaf: Shape; field: Field }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ is: fc.constantFrom("string" as const, "number" as const, "integer" as const), ...bounds }),
    fc.record({ is: fc.constantFrom("boolean" as const, "null" as const, "unknown" as const) }),
    fc.record({
      is: fc.constant("enum" as const),
      values: fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 }),
    }),
  ),
  field: fc.record({ of: tie("any"), optional: fc.boolean() }),
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.record({ is: fc.constant("list" as const), of: tie("any"), most: fc.nat(2) }),
    fc.record({ is: fc.constant("union" as const), of: fc.array(tie("any"), { minLength: 1, maxLength: 3 }) }),
    fc.record({
      is: fc.constant("object" as const),
      strict: fc.boolean(),
      fields: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("field"), { maxKeys: 3 }),
    }),
  ),
}));

/** Values that mostly fit. */
export function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.is) {
    case "string":
      return fc.constantFrom(...words, "ab", "abcd");
    case "number":
      return fc.constantFrom(0, 1, 2, 3, 4, 0.5, -1);
    case "integer":
      return fc.integer({ min: -1, max: 5 });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "unknown":
      return fc.constantFrom<unknown>("a", 1, null, true, {}, []);
    case "enum":
      return fc.constantFrom(...shape.values);
    case "list":
      return fc.array(valuesOf(shape.of), { maxLength: shape.most });
    case "union":
      return fc.oneof(...shape.of.map(valuesOf));
    case "object": {
      const fields = Object.entries(shape.fields);
      return fc.record(Object.fromEntries(fields.map(([name, { of }]) => [name, valuesOf(of)])), {
        requiredKeys: fields.filter(([, { optional }]) => !optional).map(([name]) => name),
      });
    }
  }
}

/** The same with one thing changed, as the next commit might. */
export function changed(shape: Shape): fc.Arbitrary<Shape> {
  const wrapped = shapes.any.map((other): Shape => ({ is: "union", of: [shape, other] }));
  const own = ((): fc.Arbitrary<Shape> => {
    switch (shape.is) {
      case "string":
      case "number":
      case "integer":
        return fc.record({ is: fc.constantFrom(shape.is, shape.is, "number" as const), ...bounds });
      case "enum":
        return fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 }).map((values) => ({ ...shape, values }));
      case "list":
        return fc.oneof(
          fc.nat(3).map((most) => ({ ...shape, most })),
          changed(shape.of).map((of) => ({ ...shape, of })),
        );
      case "union":
        return fc.oneof(
          fc.shuffledSubarray([...shape.of], { minLength: 1 }).map((of) => ({ ...shape, of })),
          fc
            .nat(shape.of.length - 1)
            .chain((at) => changed(shape.of[at] as Shape).map((one) => ({ ...shape, of: shape.of.with(at, one) }))),
        );
      case "object":
        return fc.oneof(
          fc.boolean().map((strict) => ({ ...shape, strict })),
          fc.constantFrom("a", "b", "c", "d").chain((name) => {
            const { [name]: field, ...others } = shape.fields;
            const next = field ? changed(field.of) : shapes.any;
            return fc.oneof(
              fc.constant<Shape>({ ...shape, fields: others }),
              fc.tuple(next, fc.boolean()).map(
                ([of, optional]): Shape => ({
                  ...shape,
                  fields: { ...others, [name]: { of, optional } },
                }),
              ),
            );
          }),
        );
      default:
        return fc.constant(shape);
    }
  })();
  return fc.oneof(
    { weight: 4, arbitrary: own },
    { weight: 1, arbitrary: wrapped },
    { weight: 1, arbitrary: shapes.any },
  );
}
