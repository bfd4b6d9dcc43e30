import { equal, type JsonSchema, resolved, restrictions } from "./json-schema.ts";
import { fields, keywordsOf, rules, typesOf } from "./restrictions.ts";

/** A value that was right and is not any more: where, and why. */
export interface Narrowing {
  /** `payload.parts[].kind` */
  readonly path: string;
  readonly problem: string;
}

/**
 * In what way `after` refuses what `before` allowed. Empty when everything that fitted still fits. Where that cannot be
 * told it says so: a change that is not understood counts as one that breaks.
 */
export function narrowings(before: JsonSchema, after: JsonSchema, path = "payload"): readonly Narrowing[] {
  return new Comparison(before, after).compare(before, after, path);
}

type Keywords = { readonly [keyword: string]: unknown };

class Comparison {
  readonly #before: JsonSchema;
  readonly #after: JsonSchema;
  /** Pairs that are being compared further out: a schema that contains itself would have no end. */
  readonly #open: (readonly [JsonSchema, JsonSchema])[] = [];

  constructor(before: JsonSchema, after: JsonSchema) {
    this.#before = before;
    this.#after = after;
  }

  compare(before: JsonSchema, after: JsonSchema, path: string): readonly Narrowing[] {
    const [was, now] = [resolved(before, this.#before), resolved(after, this.#after)];
    if (this.#open.some(([b, a]) => b === was && a === now)) return [];
    this.#open.push([was, now]);
    const found = this.#compared(was, now, path);
    this.#open.pop();
    return found;
  }

  #compared(before: JsonSchema, after: JsonSchema, path: string): readonly Narrowing[] {
    if (before === false || after === true) return [];
    if (after === false) return [{ path, problem: "nothing is allowed here any more" }];
    const was = before === true ? {} : this.#merged(before);
    if (restrictions(after).length === 0) return [];

    // What could be several things must be allowed as each of them.
    const alternatives = alternativesOf(was);
    if (alternatives) return distinct(alternatives.flatMap((one) => this.compare(one, after, path)));
    if (Array.isArray(after.allOf)) {
      const { allOf, ...beside } = after;
      return distinct([beside, ...(allOf as JsonSchema[])].flatMap((one) => this.compare(was, one, path)));
    }
    for (const union of ["anyOf", "oneOf"]) {
      const { [union]: choices, ...beside } = after;
      if (Array.isArray(choices))
        return [...this.#amongst(was, choices as JsonSchema[], path), ...this.compare(was, beside, path)];
    }
    return this.#restricted(was, after, path);
  }

  /** One of the choices has to allow all of it; if none does, the one that comes closest says why. */
  #amongst(was: Keywords, choices: readonly JsonSchema[], path: string): readonly Narrowing[] {
    const tries = choices.map((choice) => this.compare(was, choice, path));
    if (tries.length === 0 || tries.some((found) => found.length === 0)) return [];
    const kin = choices.findIndex((choice) => isOfOneKind(was, resolved(choice, this.#after)));
    if (kin >= 0) return tries[kin] ?? [];
    // A choice of another type altogether has nothing to say.
    const [closest] = tries
      .filter((found) => !found.some((one) => one.path === path))
      .toSorted((a, b) => a.length - b.length);
    // Of one that says which kind it is, only that this kind is gone.
    const ofKind = closest?.filter((one) => one.path !== path && isMark(was, one.path.slice(path.length + 1)));
    if (ofKind && ofKind.length > 0) return ofKind;
    return closest ?? [{ path, problem: `${shown(was)} fits none of the alternatives any more` }];
  }

  #restricted(was: Keywords, now: Keywords, path: string): readonly Narrowing[] {
    if (was.const !== undefined) return this.#listed(was.const, now, path);
    const before = typesOf(was);
    const after = typesOf(now);
    const lost = after && (before ?? ["anything"]).find((type) => !after.includes(type));
    if (lost !== undefined)
      return [{ path, problem: `${lost} is not allowed any more, only ${[now.type].flat().join(" or ")}` }];
    return keywordsOf(now).flatMap((keyword) => {
      const rule = rules[keyword];
      if (rule) return rule({ was, now, path, compare: (b, a, at) => this.compare(b, a, at) });
      if (equal(was[keyword], now[keyword])) return [];
      return [{ path, problem: `"${keyword}" is new or has changed, and cannot be compared` }];
    });
  }

  /** A value that was named is tried as it is. */
  #listed(value: unknown, now: Keywords, path: string): readonly Narrowing[] {
    const { const: only, enum: listed, pattern, format: _format, ...rest } = now;
    const named = only === undefined ? (listed as readonly unknown[] | undefined) : [only];
    const isNamed = named?.some((one) => equal(one, value)) ?? true;
    const matches = typeof value !== "string" || typeof pattern !== "string" || new RegExp(pattern, "u").test(value);
    if (isNamed && matches && this.#restricted(boundsOf(value), rest, path).length === 0) return [];
    return [{ path, problem: `${JSON.stringify(value)} is not allowed any more` }];
  }

  /** `allOf` as one schema; where two say something of one keyword, the later one is believed. */
  #merged(schema: Keywords): Keywords {
    if (!Array.isArray(schema.allOf)) return schema;
    const { allOf, ...beside } = schema;
    let all: Keywords = beside;
    for (const one of allOf as JsonSchema[]) {
      const member = resolved(one, this.#before);
      const next = typeof member === "object" ? this.#merged(member) : {};
      const properties = { ...fields(all), ...fields(next) };
      const required = [...((all.required as string[]) ?? []), ...((next.required as string[]) ?? [])];
      all = { ...all, ...next, properties, required };
    }
    return all;
  }
}

/** The schemas one of which a value fits; `undefined` where there are no two ways. */
function alternativesOf(schema: Keywords): readonly JsonSchema[] | undefined {
  for (const union of ["anyOf", "oneOf"]) {
    const { [union]: choices, ...beside } = schema;
    if (!Array.isArray(choices)) continue;
    const isBare = restrictions(beside).length === 0;
    return (choices as JsonSchema[]).map((choice) => (isBare ? choice : { allOf: [choice, beside] }));
  }
  if (Array.isArray(schema.enum)) return (schema.enum as unknown[]).map((value) => ({ const: value }));
  if (Array.isArray(schema.type) && schema.const === undefined)
    return (schema.type as string[]).map((type) => ({ ...schema, type }));
  return undefined;
}

/** Whether a field has one value only, as one that says of which kind an object is: `kind: "email"`. */
function isMark(schema: Keywords, name: string): boolean {
  const field = fields(schema)[name];
  return typeof field === "object" && field.const !== undefined;
}

function isOfOneKind(was: Keywords, choice: JsonSchema): boolean {
  if (typeof choice !== "object") return false;
  return Object.entries(fields(was) as Readonly<Record<string, Keywords>>).some(
    ([name, field]) =>
      isMark(was, name) && isMark(choice, name) && equal(field.const, (fields(choice)[name] as Keywords).const),
  );
}

/** The schema that a value is the only one of, as far as the rules ask. */
function boundsOf(value: unknown): Keywords {
  if (value === null) return { type: "null" };
  if (typeof value === "string") return { type: "string", minLength: [...value].length, maxLength: [...value].length };
  if (typeof value !== "number") return { type: Array.isArray(value) ? "array" : typeof value };
  const type = Number.isInteger(value) ? "integer" : "number";
  return { type, minimum: value, maximum: value, multipleOf: Math.abs(value) || 1 };
}

const shown = ({ const: only, type }: Keywords): string =>
  only === undefined ? `what was ${[type ?? "anything"].flat().join(" or ")}` : JSON.stringify(only);

const distinct = (found: readonly Narrowing[]): readonly Narrowing[] =>
  found.filter(
    ({ path, problem }, index) => found.findIndex((one) => one.path === path && one.problem === problem) === index,
  );
