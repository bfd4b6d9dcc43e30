import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { digest } from "@semel/core";
import { RequestError } from "./arguments.ts";

export interface Letter {
  readonly name: string;
  readonly text: string;
}

/** A file that looks like a letter by its name, and why it is not read. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export interface Folder {
  /** By name. */
  readonly letters: readonly Letter[];
  readonly leftOut: readonly LeftOut[];
}

/** Of a letter, as it travels in a job: well below what a payload may have. */
const mostBytes = 100_000;

/** What a request is known by on its way: of the letter's name, and nothing that a name could smuggle in. Two letters may have one text. */
export const markOf = (name: string): string => `letter ${digest(name)}`;

/** All texts of a folder, and what was left out. @throws {RequestError} */
export function lettersOf(folder: string): Folder {
  const letters: Letter[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of entriesOf(folder)) {
    const { name } = entry;
    const read = textOf(entry, join(folder, name));
    if ("why" in read) leftOut.push({ name, why: read.why });
    else letters.push({ name, text: read.text });
  }
  return { letters, leftOut };
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => /\.(txt|md)$/i.test(name))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    throw new RequestError(`${folder}: expected a folder, ${why(error)}`);
  }
}

function textOf(entry: Dirent, path: string): { readonly text: string } | { readonly why: string } {
  if (entry.name.startsWith(".")) return { why: "hidden" };
  if (!entry.isFile()) return { why: entry.isSymbolicLink() ? "a symbolic link" : "no file" };
  try {
    if (statSync(path).size > mostBytes) return tooLarge;
    const bytes = readFileSync(path);
    if (bytes.includes(0)) return { why: "binary" };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.trim() === "") return { why: "empty" };
    // Line breaks and quotes take more room in JSON.
    return Buffer.byteLength(JSON.stringify(text)) > mostBytes ? tooLarge : { text };
  } catch (error) {
    return { why: error instanceof TypeError ? "not UTF-8" : why(error) };
  }
}

const tooLarge = { why: `larger than ${mostBytes / 1000} kB` };

function why(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is none";
  return code === "ENOTDIR" ? "it is a file" : `it cannot be read (${code})`;
}
