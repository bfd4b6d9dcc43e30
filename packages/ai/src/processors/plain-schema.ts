import type { StandardSchemaV1 } from "@standard-schema/spec";

type Field = (value: unknown) => string | undefined;

export const text: Field = (value) =>
  typeof value === "string" && value !== "" ? undefined : "a text that is not empty";
export const anything: Field = () => undefined;
export const optional =
  (field: Field): Field =>
  (value) =>
    value === undefined ? undefined : field(value);

/** A Standard Schema for an object with these fields; other fields are dropped. No library, as there is but one shape. */
export function plainSchema<T extends object>(fields: { readonly [K in keyof T]-?: Field }): StandardSchemaV1<T, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "semel",
      validate(value) {
        if (typeof value !== "object" || value === null) return { issues: [{ message: "expected an object" }] };
        const given = value as Record<string, unknown>;
        const issues: { message: string; path: string[] }[] = [];
        const kept: Record<string, unknown> = {};
        for (const [name, field] of Object.entries<Field>(fields)) {
          const expected = field(given[name]);
          if (expected !== undefined) issues.push({ message: `expected ${expected}`, path: [name] });
          if (given[name] !== undefined) kept[name] = given[name];
        }
        return issues.length > 0 ? { issues } : { value: kept as T };
      },
    },
  };
}
