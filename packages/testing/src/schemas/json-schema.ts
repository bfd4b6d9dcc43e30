import { SemelError } from "@semel/core";
import type { DefinedJob } from "@semel/core/adapter";

/** A JSON Schema of draft 2020-12, as far as it is looked at. `true` is anything, `false` nothing. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** For schema libraries that do not offer JSON Schema themselves: `undefined` where it cannot say either. */
export type ToJsonSchema = (schema: unknown, job: { readonly type: string }) => JsonSchema | undefined;

/** The part of the Standard JSON Schema extension that is used, of `@standard-schema/spec` 1.1. */
interface Offers {
  readonly "~standard": {
    readonly vendor: string;
    readonly jsonSchema?: { readonly input?: (options: { readonly target: "draft-2020-12" }) => JsonSchema };
  };
}

/**
 * What a job's payload has to look like when it comes in, as JSON Schema.
 * @throws `SCHEMA_OPAQUE` where nobody can say.
 */
export function payloadSchemaOf(job: DefinedJob, convert: ToJsonSchema | undefined): JsonSchema {
  const { vendor, jsonSchema } = (job.payload as unknown as Offers)["~standard"];
  try {
    const schema = convert?.(job.payload, { type: job.type }) ?? jsonSchema?.input?.({ target: "draft-2020-12" });
    if (schema !== undefined) return JSON.parse(JSON.stringify(schema)) as JsonSchema;
  } catch (cause) {
    throw new SemelError(
      "SCHEMA_OPAQUE",
      `${job.type}: its payload schema (${vendor}) cannot be written as JSON Schema: ${String((cause as Error)?.message ?? cause)}`,
      { cause, details: { type: job.type, vendor } },
    );
  }
  throw new SemelError(
    "SCHEMA_OPAQUE",
    `${job.type}: its payload schema (${vendor}) offers no JSON Schema; expected one with "~standard".jsonSchema, or a toJsonSchema(schema) that converts it`,
    { details: { type: job.type, vendor } },
  );
}

/** Says something about a value without restricting it. */
const annotations = new Set([
  ...["$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default"],
  ...["examples", "deprecated", "readOnly", "writeOnly"],
]);

/** Names of the keywords that restrict. */
export const restrictions = (schema: { readonly [keyword: string]: unknown }): readonly string[] =>
  Object.keys(schema).filter((keyword) => !annotations.has(keyword) && schema[keyword] !== undefined);

/** Follows `$ref`s into the same document; what stands beside one is kept. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  let current = schema;
  for (let hops = 0; typeof current === "object" && typeof current.$ref === "string"; hops++) {
    const { $ref, ...beside } = current;
    const found = hops < 50 ? pointed(root, $ref as string) : undefined;
    // One that leads nowhere is left as it is, and compared as a keyword like any other.
    if (found === undefined) return current;
    if (restrictions(beside).length > 0) return { allOf: [found, beside] };
    current = found;
  }
  return current;
}

function pointed(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (!ref.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  }
  return at as JsonSchema | undefined;
}

/** Whether two JSON values are equal, whatever the order of their fields. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => equal((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
  );
}
