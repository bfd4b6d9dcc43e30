import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";

const pattern = /^lock-[0-9a-f]{24}\.json$/;

export function isLock(name: string): boolean {
  return pattern.test(name);
}

/** Also the drafts that a killed process may have left. */
export function isLockFile(name: string): boolean {
  return isLock(name) || /^lock-.*\.tmp$/.test(name);
}

/** A name nobody has used and nobody will use again. */
export function newLockName(): string {
  return `lock-${randomBytes(12).toString("hex")}.json`;
}

/** Whole or not at all: renamed into its place. The name is new, so nobody's file is overwritten. */
export function writeLock(file: string, own: ProcessIdentity): void {
  const draft = `${file}.tmp`;
  writeFileSync(draft, JSON.stringify(own), { flag: "wx" });
  renameSync(draft, file);
}

export interface Lock {
  readonly owner: ProcessIdentity;
  /** When its owner last gave a sign of life, by the clock of the file system. */
  readonly touchedAt: number;
}

/** `undefined` when its owner removed it meanwhile. */
export function readLock(file: string): Lock | undefined {
  return ifThere(() => {
    // Opened before it is looked at: only then does a network file system ask the server how old the file is.
    const opened = openSync(file, "r");
    try {
      const owner = JSON.parse(readFileSync(opened, "utf8")) as ProcessIdentity;
      return { owner, touchedAt: fstatSync(opened).mtimeMs };
    } finally {
      closeSync(opened);
    }
  });
}

/**
 * A sign of life. Writes what is there anyhow, without ever emptying the file: it is the file system that then says
 * when, by the same clock for everybody, while `utimes` would put down this machine's. Nothing happens to a file that is
 * gone.
 */
export function touchLock(file: string, own: ProcessIdentity): void {
  ifThere(() => {
    const opened = openSync(file, "r+");
    try {
      writeSync(opened, JSON.stringify(own), 0);
    } finally {
      closeSync(opened);
    }
  });
}

/** What the clock of the directory's file system says: the time of a file written just now. */
export function fileSystemNow(path: string): number {
  const probe = join(path, `${newLockName()}.tmp`);
  const opened = openSync(probe, "wx");
  try {
    writeSync(opened, "now?");
    return fstatSync(opened).mtimeMs;
  } finally {
    closeSync(opened);
    rmSync(probe, { force: true });
  }
}

function ifThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
