import { accessSync, constants, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { OptionInvalidError, SemelError } from "@semel/core";
import { systemClock } from "@semel/core/adapter";
import { lockDirectory } from "./directory-lock.ts";
import { isLockFile } from "./lock-file.ts";
import { makeDirectory } from "./make-directory.ts";
import { Upkeep } from "./upkeep.ts";

/** Says that the directory is ours, and whether its database was ever completed. */
const markName = "semel.json";
const databaseName = "pg";

interface Mark {
  /** The layout of the directory. A newer one is refused. */
  readonly format: 1;
  /** Whether the database was completely created: what a first start leaves behind when it is killed is thrown away. */
  readonly complete: boolean;
}

/** Checks, locks and opens. What it answers is the only user of the directory, of all processes. */
export async function openDirectory(
  path: string,
  waitMs: number,
): Promise<{ readonly db: PGlite; close(): Promise<void> }> {
  checkDirectory(path);
  const lock = await lockDirectory(path, waitMs);
  try {
    const db = await openDatabase(path);
    const upkeep = new Upkeep(db, systemClock);
    const close = async (): Promise<void> => {
      try {
        await upkeep.close();
        await db.close();
      } finally {
        lock.release();
      }
    };
    return { db, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function checkDirectory(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) throw new OptionInvalidError("directory", "a directory", `the file ${path}`);
  try {
    makeDirectory(path);
  } catch (cause) {
    throw unusable(path, "it cannot be created", cause);
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(path, "this process may not write to it", cause);
  }
  if (readMark(path)) return;
  const foreign = readdirSync(path).filter((name) => !isLockFile(name));
  if (foreign.length > 0)
    throw unusable(path, `it holds something else (${foreign.slice(0, 3).join(", ")}); give it a directory of its own`);
}

async function openDatabase(path: string): Promise<PGlite> {
  const database = join(path, databaseName);
  const mark = readMark(path);
  if (!mark?.complete) {
    writeMark(path, { format: 1, complete: false });
    rmSync(database, { recursive: true, force: true });
  }
  // Some 25 MB of WebAssembly: loaded by those who start it only.
  const { PGlite } = await import("@electric-sql/pglite");
  let db: PGlite;
  try {
    db = await PGlite.create(database);
  } catch (cause) {
    const why = mark?.complete
      ? "its database does not open (was it written by another major version of PGlite?)"
      : "a new database cannot be made in it (is the disk full?)";
    throw unusable(path, why, cause);
  }
  if (!mark?.complete) writeMark(path, { format: 1, complete: true });
  return db;
}

function readMark(path: string): Mark | undefined {
  let text: string;
  try {
    text = readFileSync(join(path, markName), "utf8");
  } catch {
    return undefined;
  }
  const mark = parsed(text) as { format?: unknown; complete?: unknown } | undefined;
  if (mark?.format !== 1) throw unusable(path, `its ${markName} is of a format this version does not know`);
  return { format: 1, complete: mark.complete === true };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By renaming, so that a reader finds the whole mark or the one before. */
function writeMark(path: string, mark: Mark): void {
  const draft = join(path, `lock-${process.pid}.tmp`);
  writeFileSync(draft, `${JSON.stringify(mark)}\n`);
  renameSync(draft, join(path, markName));
}

function unusable(path: string, why: string, cause?: unknown): SemelError {
  return new SemelError("BACKEND_UNSAFE", `the directory ${path} cannot be used: ${why}`, {
    cause,
    details: { directory: path },
  });
}
