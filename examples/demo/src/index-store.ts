import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JsonLines } from "./json-lines.ts";

/** Of a long chunk, as much as an excerpt may be taken from. */
const keptText = 2_000;

export interface Entry {
  /** See `chunkName`. */
  readonly chunk: string;
  readonly path: string;
  readonly index: number;
  readonly text: string;
  readonly vector: Float32Array;
}

type Line = Omit<Entry, "vector"> & { readonly vector: string };

/** The vectors, one line a chunk. Putting a chunk in twice is putting it in once. */
export class IndexStore {
  readonly #folder: string;
  readonly #lines: JsonLines<Line>;
  readonly #chunks: Set<string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#lines = new JsonLines(join(folder, "index.jsonl"));
    this.#chunks = new Set(this.#lines.lines.map(({ chunk }) => chunk));
  }

  has(chunk: string): boolean {
    return this.#chunks.has(chunk);
  }

  put({ vector, text, ...entry }: Entry): void {
    if (this.#chunks.has(entry.chunk)) return;
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    this.#lines.append({ ...entry, text: text.slice(0, keptText), vector: bytes.toString("base64") });
    this.#chunks.add(entry.chunk);
  }

  /** What the folder held when it was last read to its end: documents change and disappear, their vectors stay. */
  catalogue(chunks: Iterable<string>): void {
    const draft = join(this.#folder, "catalogue.tmp");
    writeFileSync(draft, JSON.stringify([...chunks]));
    renameSync(draft, join(this.#folder, "catalogue.json"));
  }

  /** The entries of the catalogue; all of them before there is one. */
  entries(): Entry[] {
    const file = join(this.#folder, "catalogue.json");
    const current = existsSync(file) ? new Set(JSON.parse(readFileSync(file, "utf8")) as string[]) : this.#chunks;
    return this.#lines.lines
      .filter(({ chunk }) => current.has(chunk))
      .map((line) => {
        const bytes = Uint8Array.from(Buffer.from(line.vector, "base64"));
        return { ...line, vector: new Float32Array(bytes.buffer) };
      });
  }
}
