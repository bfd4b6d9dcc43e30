import { equal, type JsonSchema, restrictions } from "./json-schema.ts";
import type { Narrowing } from "./narrowings.ts";

type Keywords = { readonly [keyword: string]: unknown };

interface Pair {
  readonly was: Keywords;
  readonly now: Keywords;
  readonly path: string;
  readonly compare: (before: JsonSchema, after: JsonSchema, path: string) => readonly Narrowing[];
}

type Rule = (pair: Pair) => readonly Narrowing[];
type Rules = Readonly<Record<string, Rule | undefined>>;

/** The types a schema allows; `undefined` for any. A whole number is a number. */
export function typesOf({ type }: Keywords): readonly string[] | undefined {
  if (type === undefined) return undefined;
  const types = Array.isArray(type) ? (type as string[]) : [type as string];
  return types.includes("number") ? [...types, "integer"] : types;
}

/** What restricts a value of a type that is allowed: the type itself has been looked at. */
export const keywordsOf = (schema: Keywords): readonly string[] =>
  restrictions(schema).filter((keyword) => keyword !== "type");

const fail = (path: string, problem: string): readonly Narrowing[] => [{ path, problem }];

const atLeast =
  (keyword: string, of: string): Rule =>
  ({ was, now, path }) => {
    const [before, after] = [(was[keyword] as number) ?? 0, now[keyword] as number];
    return after <= before ? [] : fail(path, `has to have at least ${after} ${of} now`);
  };
const atMost =
  (keyword: string, of: string): Rule =>
  ({ was, now, path }) => {
    const [before, after] = [(was[keyword] as number) ?? Number.POSITIVE_INFINITY, now[keyword] as number];
    return after >= before ? [] : fail(path, `may have at most ${after} ${of} now`);
  };
const same =
  (keyword: string): Rule =>
  ({ was, now, path }) =>
    equal(was[keyword], now[keyword])
      ? []
      : fail(path, `has to have the ${keyword} ${JSON.stringify(now[keyword])} now`);

/** A bound may be written with or without the bound itself. */
const lower: Rule = ({ was, now, path }) => {
  const [before, after] = [lowest(was), lowest(now)];
  const isHigher = after.at > before.at || (after.at === before.at && after.isOpen && !before.isOpen);
  return isHigher ? fail(path, `has to be ${after.isOpen ? "over" : "at least"} ${after.at} now`) : [];
};
const upper: Rule = ({ was, now, path }) => {
  const [before, after] = [highest(was), highest(now)];
  const isLower = after.at < before.at || (after.at === before.at && after.isOpen && !before.isOpen);
  return isLower ? fail(path, `has to be ${after.isOpen ? "under" : "at most"} ${after.at} now`) : [];
};
function lowest({ minimum, exclusiveMinimum }: Keywords): { at: number; isOpen: boolean } {
  const [closed, open] = [minimum, exclusiveMinimum].map((at) => (at as number) ?? Number.NEGATIVE_INFINITY);
  return {
    at: Math.max(closed ?? 0, open ?? 0),
    isOpen: (open ?? 0) >= (closed ?? 0) && exclusiveMinimum !== undefined,
  };
}
function highest({ maximum, exclusiveMaximum }: Keywords): { at: number; isOpen: boolean } {
  const [closed, open] = [maximum, exclusiveMaximum].map((at) => (at as number) ?? Number.POSITIVE_INFINITY);
  return {
    at: Math.min(closed ?? 0, open ?? 0),
    isOpen: (open ?? 0) <= (closed ?? 0) && exclusiveMaximum !== undefined,
  };
}

export const fields = ({ properties }: Keywords): Readonly<Record<string, JsonSchema>> =>
  (properties ?? {}) as Readonly<Record<string, JsonSchema>>;
const names = ({ required }: Keywords): readonly string[] => (required ?? []) as readonly string[];
const isOpen = (others: unknown): boolean => others === undefined || others === true || equal(others, {});

const properties: Rule = ({ was, now, path, compare }) => {
  const before = fields(was);
  return Object.entries(fields(now)).flatMap(([name, after]) => {
    const at = `${path}.${name}`;
    if (Object.hasOwn(before, name)) return compare(before[name] ?? true, after, at);
    // What the old schema did not name is taken not to be there, unless it said what such fields hold.
    const others = was.additionalProperties as JsonSchema | undefined;
    return isOpen(others) || others === false ? [] : compare(others ?? true, after, at);
  });
};

const required: Rule = ({ was, now, path }) => {
  const before = names(was);
  return names(now)
    .filter((name) => !before.includes(name))
    .flatMap((name) =>
      fail(`${path}.${name}`, Object.hasOwn(fields(was), name) ? "is required now" : "is new, and required"),
    );
};

const additionalProperties: Rule = ({ was, now, path, compare }) => {
  const others = now.additionalProperties as JsonSchema;
  const before = was.additionalProperties as JsonSchema | undefined;
  const gone = Object.entries(fields(was)).filter(([name]) => !Object.hasOwn(fields(now), name));
  const ofGone = gone.flatMap(([name, field]) =>
    others === false ? fail(`${path}.${name}`, "is not allowed any more") : compare(field, others, `${path}.${name}`),
  );
  if (isOpen(others)) return [];
  if (others === false)
    return before === false ? ofGone : [...ofGone, ...fail(path, "other fields are not allowed any more")];
  return [...ofGone, ...compare(before ?? true, others, `${path}{}`)];
};

const items: Rule = ({ was, now, path, compare }) => {
  const [before, after] = [was, now].map(({ prefixItems }) => (prefixItems ?? []) as readonly JsonSchema[]);
  const [restWas, restIs] = [was, now].map(({ items: rest }) => (rest ?? true) as JsonSchema);
  const most = Math.max(before?.length ?? 0, after?.length ?? 0);
  const placed = Array.from({ length: most }, (_, place) =>
    compare(before?.[place] ?? restWas ?? true, after?.[place] ?? restIs ?? true, `${path}[${place}]`),
  );
  return [...placed.flat(), ...compare(restWas ?? true, restIs ?? true, `${path}[]`)];
};

/** For each keyword that the new schema has: whether it refuses what the old one allowed. */
export const rules: Rules = {
  minLength: atLeast("minLength", "characters"),
  maxLength: atMost("maxLength", "characters"),
  pattern: same("pattern"),
  format: same("format"),
  contentEncoding: same("contentEncoding"),
  contentMediaType: same("contentMediaType"),
  minimum: lower,
  exclusiveMinimum: lower,
  maximum: upper,
  exclusiveMaximum: upper,
  multipleOf: ({ was, now, path }) => {
    const [before, after] = [was.multipleOf as number | undefined, now.multipleOf as number];
    const isMultiple = before !== undefined ? before % after === 0 : was.type === "integer" && after === 1;
    return isMultiple ? [] : fail(path, `has to be a multiple of ${after} now`);
  },
  minItems: atLeast("minItems", "items"),
  maxItems: atMost("maxItems", "items"),
  uniqueItems: ({ was, now, path }) =>
    now.uniqueItems === true && was.uniqueItems !== true ? fail(path, "may not hold anything twice now") : [],
  prefixItems: items,
  items: ({ now, ...rest }) => (now.prefixItems === undefined ? items({ now, ...rest }) : []),
  properties,
  required,
  additionalProperties,
  propertyNames: ({ was, now, path, compare }) =>
    compare((was.propertyNames ?? { type: "string" }) as JsonSchema, now.propertyNames as JsonSchema, `${path}{name}`),
  minProperties: atLeast("minProperties", "fields"),
  maxProperties: atMost("maxProperties", "fields"),
  enum: ({ path, now }) => fail(path, `may only be one of ${JSON.stringify(now.enum)} now`),
  const: ({ path, now }) => fail(path, `may only be ${JSON.stringify(now.const)} now`),
};
