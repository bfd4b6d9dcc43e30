import { requestLayout, type Verb, verbs } from "./scripts/layout.ts";
import { toText } from "./text.ts";

const numbers = Object.fromEntries(verbs.map((verb, at) => [verb, at + 1])) as Record<Verb, number>;
/** Verb and size, in front of each operation. */
const headBytes = 5;

type Fields<V extends Verb> = {
  readonly [F in keyof (typeof requestLayout)[V]]: (typeof requestLayout)[V][F] extends "s" ? string : number;
};

/** Writes operations one behind the other, as Redis' `struct` reads them. */
export class Packer {
  #bytes: Buffer = Buffer.allocUnsafe(4_096);
  #end = 0;
  readonly #verbs = new Set<Verb>();

  /** Those that were packed. */
  get verbs(): ReadonlySet<Verb> {
    return this.#verbs;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  pack<V extends Verb>(verb: V, fields: Fields<V>): void {
    this.#verbs.add(verb);
    const start = this.#end;
    this.#room(headBytes);
    this.#end += headBytes;
    const layout: Readonly<Record<string, string>> = requestLayout[verb];
    for (const name in layout) this.#field(layout[name] as string, (fields as Record<string, string | number>)[name]);
    this.#bytes[start] = numbers[verb];
    this.#bytes.writeUInt32BE(this.#end - start - headBytes, start + 1);
  }

  #field(format: string, value: string | number | undefined): void {
    if (format === "s") return this.#text(String(value));
    this.#room(8);
    const number = Number(value);
    if (format === "B") this.#end = this.#bytes.writeUInt8(number, this.#end);
    else if (format === "I4") this.#end = this.#bytes.writeUInt32BE(number, this.#end);
    else this.#end = this.#bytes.writeDoubleBE(number, this.#end);
  }

  #text(value: string): void {
    const text = toText(value);
    // A character of UTF-16 is at most three bytes of UTF-8.
    this.#room(text.length * 3 + 1);
    this.#end += this.#bytes.write(text, this.#end);
    this.#bytes[this.#end++] = 0;
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}
