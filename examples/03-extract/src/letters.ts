import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

export interface Letter {
  readonly name: string;
  readonly text: string;
}

/** All texts of a folder, by name. Those that are empty, or are no text, are left out. */
export function lettersOf(folder: string): readonly Letter[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(txt|md)$/.test(entry.name))
    .map(({ name }) => ({ name: basename(name), text: readFileSync(join(folder, name), "utf8") }))
    .filter(({ text }) => text.trim() !== "" && !text.includes("\0") && !text.includes("\ufffd"))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
