import { createReadStream, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { TextDecoder } from "node:util";
import { encodingOf, sampleBytes } from "./encoding.ts";

/** A text below the folder. */
export interface Document {
  /** Relative to the folder, with `/`; bytes of a name that are no text are written `\xNN`. */
  readonly path: string;
  readonly bytes: number;
  /** The text, piece by piece: a file may be larger than what one wants in memory. */
  pieces(): AsyncIterable<string>;
}

/** What is in the folder and is not indexed, and why. */
export interface Skipped {
  readonly path: string;
  readonly why: string;
}

export interface WalkOptions {
  /** Ends of the names to take. Default: all. */
  readonly extension?: string | undefined;
  /** Folders below the root to leave out, as real paths. */
  readonly except?: readonly string[] | undefined;
}

const largestBytes = 64 * 2 ** 20;

/**
 * Everything below `root`, in the order of the names. Symbolic links are not followed, so nothing is met twice and no
 * circle entered; hidden names (`.git`, `.env`) and `node_modules` are left alone.
 */
export async function* documentsIn(root: string, options: WalkOptions = {}): AsyncGenerator<Document | Skipped> {
  // File names are bytes, and not every one of them is text: paths stay buffers until they are shown.
  const left: { readonly path: Buffer; readonly name: string }[] = [{ path: Buffer.from(root), name: "" }];
  for (let folder = left.pop(); folder; folder = left.pop()) {
    if (folder.name !== "" && options.except?.includes(folder.path.toString())) continue;
    const entries = await entriesOf(folder.path);
    if (!Array.isArray(entries)) {
      yield { path: `${folder.name}/`, why: entries.why };
      continue;
    }
    const folders: typeof left = [];
    for (const entry of entries) {
      const name = textOf(entry.name);
      const below = folder.name === "" ? name : `${folder.name}/${name}`;
      const path = Buffer.concat([folder.path, Buffer.from("/"), entry.name]);
      if (name.startsWith(".") || name === "node_modules") yield { path: below, why: "hidden or node_modules" };
      else if (entry.isDirectory()) folders.push({ path, name: below });
      else if (!name.endsWith(options.extension ?? "")) continue;
      else if (entry.isSymbolicLink()) yield { path: below, why: "symbolic link" };
      else if (!entry.isFile()) yield { path: below, why: "no regular file" };
      else yield await document(path, below);
    }
    left.push(...folders.reverse());
  }
}

async function entriesOf(path: Buffer): Promise<Dirent<Buffer>[] | { readonly why: string }> {
  try {
    const entries = await readdir(path, { withFileTypes: true, encoding: "buffer" });
    return entries.sort((one, other) => one.name.compare(other.name));
  } catch (error) {
    return { why: unreadable(error) };
  }
}

async function document(file: Buffer, path: string): Promise<Document | Skipped> {
  try {
    const { size } = await stat(file);
    if (size === 0) return { path, why: "empty" };
    if (size > largestBytes) return { path, why: `larger than ${largestBytes / 2 ** 20} MB` };
    return { path, bytes: size, pieces: () => piecesOf(file) };
  } catch (error) {
    return { path, why: unreadable(error) };
  }
}

/** Thrown by a document's pieces. */
export class NotReadable extends Error {}

async function* piecesOf(file: Buffer): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  try {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      if (!decoder) {
        const encoding = encodingOf(piece.subarray(0, sampleBytes), piece.length <= sampleBytes);
        if (encoding === undefined) throw new NotReadable("binary");
        decoder = new TextDecoder(encoding);
      }
      yield decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    throw error instanceof NotReadable ? error : new NotReadable(unreadable(error), { cause: error });
  }
  if (decoder) yield decoder.decode();
}

const unreadable = (error: unknown): string => `unreadable (${(error as NodeJS.ErrnoException).code ?? String(error)})`;

function textOf(name: Buffer): string {
  const text = name.toString();
  if (Buffer.from(text).equals(name)) return text;
  // Not UTF-8: every byte beyond ASCII is spelt out, so that two such names stay two.
  return name.toString("latin1").replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}
