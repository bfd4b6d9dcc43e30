import { appendFileSync, existsSync, readFileSync } from "node:fs";

/**
 * A file to which lines are added and never changed. A line is written in one call, before `append` returns: it
 * outlives the process, however that ends.
 */
export class JsonLines<T> {
  readonly #path: string;
  readonly #read: T[];

  constructor(path: string) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    // A power failure may leave half a line; whatever is added now must not be glued to it.
    if (text !== "" && !text.endsWith("\n")) appendFileSync(path, "\n");
    this.#read = text.split("\n").flatMap((line) => parsed<T>(line));
  }

  /** Everything in it, what was just added included. */
  get lines(): readonly T[] {
    return this.#read;
  }

  append(line: T): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    this.#read.push(line);
  }
}

function parsed<T>(line: string): T[] {
  try {
    return [JSON.parse(line) as T];
  } catch {
    return [];
  }
}
