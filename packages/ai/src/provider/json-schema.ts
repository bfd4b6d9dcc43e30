import type { ObjectRequest } from "@semel/core";
import { type Call, failed } from "./classify.ts";
import { peek } from "./failure-facts.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What the model is shown: the request's own JSON Schema, else what the schema says of itself (Standard JSON Schema, as zod 4 has it).
 * An object at its root, because providers take nothing else.
 * @throws `MODEL_INPUT_INVALID`
 */
export function jsonSchemaOf(call: Call, { schema, jsonSchema, name, repairs }: ObjectRequest): JsonSchema {
  const wrong = (message: string): Error => failed(call, "MODEL_INPUT_INVALID", message);
  if (name !== undefined && !/^[\w-]{1,64}$/.test(name)) throw wrong("name: expected 1 to 64 letters, digits, _ or -");
  if (repairs !== undefined && !(Number.isInteger(repairs) && repairs >= 0 && repairs <= 2))
    throw wrong("repairs: expected 0, 1 or 2");
  const standard = peek(schema, "~standard");
  if (typeof peek(standard, "validate") !== "function") throw wrong("schema: expected a Standard Schema");
  const found = jsonSchema ?? describedBy(standard);
  if (found === undefined)
    throw wrong("schema: it cannot say of itself what it is as JSON Schema; give jsonSchema beside it");
  if (found.type !== "object")
    throw wrong(`schema: expected an object at its root, got ${JSON.stringify(found.type ?? "something else")}`);
  const { $schema: _, ...rest } = found as JsonSchema & { readonly $schema?: unknown };
  return rest;
}

function describedBy(standard: unknown): JsonSchema | undefined {
  const { output, input } = (peek(standard, "jsonSchema") ?? {}) as {
    readonly output?: (options: { target: string }) => JsonSchema;
    readonly input?: (options: { target: string }) => JsonSchema;
  };
  try {
    // What the model writes is what the schema takes in.
    return (input ?? output)?.({ target: "draft-2020-12" });
  } catch {
    return undefined;
  }
}
