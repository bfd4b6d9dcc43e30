import { realpathSync } from "node:fs";
import type { PGlite } from "@electric-sql/pglite";
import { openDirectory } from "./directory.ts";
import { makeDirectory } from "./make-directory.ts";

/** One user's share in the database of a directory. */
export interface DatabaseHold {
  readonly db: PGlite;
  /** Lets go of it; the last hold closes the database and frees the directory. Once only. */
  release(): Promise<void>;
}

interface Shared {
  holds: number;
  readonly opening: Promise<{ readonly db: PGlite; close(): Promise<void> }>;
  closing: Promise<void> | undefined;
}

/** Two copies of this package in one process are normal, and must not fight over a directory: they meet here. */
const place = Symbol.for("semel.embedded/1");
const common = globalThis as { [place]?: Map<string, Shared> };
common[place] ??= new Map();
const registry: Map<string, Shared> = common[place];

/**
 * The database in this directory, opened by the first that asks for it in this process.
 * @throws see `embedded`
 */
export async function acquireDatabase(directory: string, waitMs: number): Promise<DatabaseHold> {
  const path = existing(directory);
  for (;;) {
    const shared = registry.get(path);
    if (!shared?.closing) break;
    await shared.closing.catch(() => undefined);
  }
  const shared = registry.get(path) ?? open(path, waitMs);
  shared.holds += 1;
  try {
    const { db } = await shared.opening;
    let released = false;
    return {
      db,
      release: async () => {
        if (released) return;
        released = true;
        await leave(path, shared);
      },
    };
  } catch (error) {
    shared.holds -= 1;
    if (registry.get(path) === shared) registry.delete(path);
    throw error;
  }
}

function open(path: string, waitMs: number): Shared {
  const shared: Shared = { holds: 0, opening: openDirectory(path, waitMs), closing: undefined };
  registry.set(path, shared);
  return shared;
}

async function leave(path: string, shared: Shared): Promise<void> {
  shared.holds -= 1;
  if (shared.holds > 0) return;
  shared.closing = shared.opening.then(({ close }) => close()).finally(() => registry.delete(path));
  await shared.closing;
}

/** Different spellings of one directory must meet in the registry, so it has to exist before it is looked up. */
function existing(directory: string): string {
  try {
    makeDirectory(directory);
    return realpathSync(directory);
  } catch {
    // What is wrong with it is for `openDirectory` to say.
    return directory;
  }
}
