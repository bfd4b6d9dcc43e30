import { SemelError } from "../errors/semel-error.ts";
import type { PayloadLimits } from "./limits.ts";
import { sorted } from "./sorted.ts";
import { encodeText, encodeVector } from "./value.ts";

/** The canonical text of one field of the payload, and of the whole. */
export interface Canonical {
  /** The payload as it is sent, stored and hashed. */
  readonly text: string;
  /** Top-level fields in sorted order; empty when the payload is no plain object. */
  readonly fields: readonly { readonly name: string; readonly text: string }[];
}

/**
 * One text for one value: keys sorted by UTF-16 code unit, no white space, numbers and strings as `JSON.stringify`
 * writes them (after RFC 8785, except that nothing is normalised). Fields that are `undefined` are left out.
 * The limits are checked on the way, so a bomb costs no more than the limit.
 *
 * @throws `PAYLOAD_TOO_LARGE` with `details.limit` and `details.size`; `PAYLOAD_NOT_JSON` with `details.path` for
 * BigInt, functions, symbols, NaN, infinities, lone surrogates, `undefined` in an array, cycles, objects that are not
 * plain (a `Date`, a `Map`), and the keys `__proto__` and `constructor`.
 */
export function canonicalJson(value: unknown, limits: PayloadLimits): Canonical {
  const writer = new Writer(limits);
  const isObject =
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float32Array);
  const fields = isObject ? writer.fields(value as object) : [];
  const text = isObject ? objectOf(fields) : writer.write(value);
  const size = Buffer.byteLength(text);
  if (size > limits.bytes) throw tooLarge("bytes", size, limits.bytes, []);
  return { text, fields };
}

interface Field {
  readonly name: string;
  readonly text: string;
}

function objectOf(fields: readonly Field[]): string {
  let text = "";
  for (const field of fields) text += `${text === "" ? "{" : ","}${JSON.stringify(field.name)}:${field.text}`;
  return text === "" ? "{}" : `${text}}`;
}

class Writer {
  readonly #limits: PayloadLimits;
  readonly #path: string[] = [];
  #depth = 0;
  #nodes = 0;
  #characters = 0;

  constructor(limits: PayloadLimits) {
    this.#limits = limits;
  }

  write(value: unknown): string {
    if (++this.#nodes > this.#limits.nodes) throw this.#tooLarge("nodes", this.#nodes);
    if (typeof value === "string") return this.#string(value);
    if (value === null || typeof value === "boolean") return this.#counted(String(value));
    if (typeof value === "number" && Number.isFinite(value)) return this.#counted(JSON.stringify(value));
    if (typeof value !== "object") throw this.#notJson(typeof value === "number" ? String(value) : typeof value);
    if (value instanceof Float32Array) return this.#counted(JSON.stringify(encodeVector(value)));
    return Array.isArray(value) ? this.#array(value) : objectOf(this.fields(value as object));
  }

  fields(value: object): Field[] {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null && !fromAnotherRealm(prototype)) {
      throw this.#notJson(`a ${value.constructor?.name || "class instance"}`);
    }
    this.#enter();
    const names = Object.keys(value);
    if (names.length > this.#limits.keys) throw this.#tooLarge("keys", names.length);
    const fields: Field[] = [];
    for (const name of sorted(names)) {
      const field = this.#read(value, name);
      if (field === undefined) continue;
      // Harmless in JSON, dangerous in whatever merges it later; nobody has a field called so on purpose.
      if (name === "__proto__" || name === "constructor") throw this.#notJson(`the key "${name}"`);
      if (!name.isWellFormed()) throw this.#notJson("a lone surrogate in a key");
      this.#counted(name);
      this.#path.push(name);
      fields.push({ name, text: this.write(field) });
      this.#path.pop();
    }
    this.#depth--;
    return fields;
  }

  #read(value: object, name: string): unknown {
    try {
      return (value as Record<string, unknown>)[name];
    } catch {
      throw this.#notJson(`a getter that throws, "${name}",`);
    }
  }

  #array(entries: readonly unknown[]): string {
    this.#enter();
    const texts: string[] = [];
    // Not `map`: it skips the holes of a sparse array, which are as little JSON as `undefined` is.
    for (let index = 0; index < entries.length; index++) {
      this.#path.push(String(index));
      texts.push(this.write(entries[index]));
      this.#path.pop();
    }
    this.#depth--;
    return `[${texts.join(",")}]`;
  }

  /** A cycle is endless depth, so this ends it too. */
  #enter(): void {
    if (++this.#depth > this.#limits.depth) throw this.#tooLarge("depth", this.#depth);
  }

  #string(value: string): string {
    // Counted before it is escaped: a string of 100 MB must not become one of 600 MB first.
    const characters = this.#characters + value.length;
    if (characters > this.#limits.bytes) throw this.#tooLarge("bytes", characters);
    if (!value.isWellFormed()) throw this.#notJson("a lone surrogate");
    return this.#counted(JSON.stringify(encodeText(value)));
  }

  #counted(text: string): string {
    this.#characters += text.length;
    if (this.#characters > this.#limits.bytes) throw this.#tooLarge("bytes", this.#characters);
    return text;
  }

  #tooLarge(limit: keyof PayloadLimits, size: number): SemelError {
    return tooLarge(limit, size, this.#limits[limit], this.#path);
  }

  #notJson(found: string): SemelError {
    const path = this.#path.join(".");
    return new SemelError(
      "PAYLOAD_NOT_JSON",
      `the payload must be JSON: found ${found} at ${path || "the payload itself"}`,
      { details: { path, found } },
    );
  }
}

/** A plain object made in another realm (a `vm` context, Jest) has another `Object.prototype`. */
function fromAnotherRealm(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

function tooLarge(limit: keyof PayloadLimits, size: number, max: number, path: readonly string[]): SemelError {
  const where = path.slice(0, 8).join(".");
  return new SemelError(
    "PAYLOAD_TOO_LARGE",
    `the payload is too large${where ? ` at ${where}` : ""}: ${limit} reached ${size}, the limit is ${max}; store it elsewhere and enqueue a reference`,
    {
      details: { limit, size, max, path: where },
    },
  );
}
