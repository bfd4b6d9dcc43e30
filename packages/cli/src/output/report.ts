import type { Io } from "../io.ts";
import type { Paint } from "./colour.ts";

/** How the command answers: in words for people, or as JSON for programs. */
export interface Report {
  readonly isJson: boolean;
  readonly paint: Paint;
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number;
  /** The one answer. */
  one(data: unknown, words: () => string): Promise<void>;
  /** One of several: a line of JSON each, or nothing; the table comes with `end`. */
  each(data: unknown): Promise<void>;
  /** What people read in place of the lines. */
  end(words: () => string): Promise<void>;
  /** Beside the answer: progress, notes. Not in JSON. */
  note(text: string): void;
}

export function reporter(io: Io, isJson: boolean, paint: Paint): Report {
  const write = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      io.out.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
    });
  return {
    isJson,
    paint,
    width: io.out.columns || 100,
    one: (data, words) => write(isJson ? JSON.stringify(data, plain, 2) : words()),
    each: (data) => (isJson ? write(JSON.stringify(data, plain)) : Promise.resolve()),
    end: (words) => (isJson ? Promise.resolve() : write(words())),
    note: (text) => void (isJson || io.err.write(`${text}\n`)),
  };
}

/** A vector is shown by its length, infinities as `null` by JSON itself. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Float32Array) return { dimensions: value.length };
  return typeof value === "bigint" ? String(value) : value;
}
