import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SemelError } from "@semel/core";
import type { Clock } from "@semel/core/adapter";
import { isGone, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/**
 * One process owns the directory.
 *
 * There is not one lock file that everybody fights over – taking over a dead owner's file cannot be made atomic with
 * what a file system offers – but one per contender, with a random name. Who wants the directory puts its file there
 * and then looks: is it the only one of a living process, the directory is its own; if not, it takes its file back and
 * tries again later. Two cannot both win, since the second to put its file there sees the first one's. A dead process's
 * file can be removed by anybody at any time, for its name is never used again.
 */
export interface DirectoryLock {
  release(): void;
}

const pattern = /^lock-[0-9a-f]{24}\.json$/;

/** Also the drafts that a killed process may have left. */
export function isLockFile(name: string): boolean {
  return pattern.test(name) || /^lock-.*\.tmp$/.test(name);
}

/** @throws `DIRECTORY_LOCKED` when another process still has it after `waitMs`. */
export async function lockDirectory(path: string, waitMs: number, clock: Clock): Promise<DirectoryLock> {
  const own = ownIdentity();
  const until = clock.monotonic() + waitMs;
  for (;;) {
    const owner = ownerOf(path, own, undefined) ?? tryToEnter(path, own);
    if ("release" in owner) return owner;
    const left = until - clock.monotonic();
    if (left <= 0) throw locked(path, owner);
    // At random: contenders that saw one another must not meet again and again.
    const pauseMs = Math.min(left, 20 + Math.random() * 80);
    await new Promise<void>((resolve) => clock.timer(pauseMs, resolve));
  }
}

function tryToEnter(path: string, own: ProcessIdentity): DirectoryLock | ProcessIdentity {
  const name = `lock-${randomBytes(12).toString("hex")}.json`;
  const file = join(path, name);
  // Whole or not at all: renamed into its place. The name is new, so nobody's file is overwritten.
  const draft = `${file}.tmp`;
  writeFileSync(draft, JSON.stringify(own), { flag: "wx" });
  renameSync(draft, file);
  const release = (): void => {
    process.removeListener("exit", release);
    rmSync(file, { force: true });
  };
  const other = ownerOf(path, own, name);
  if (other) {
    release();
    return other;
  }
  // Neither a crash nor SIGKILL comes by here: their locks are recognised as a dead process's.
  process.on("exit", release);
  return { release };
}

/** The living process that has a file here, if there is one beside `except`. Removes those of dead ones. */
function ownerOf(path: string, own: ProcessIdentity, except: string | undefined): ProcessIdentity | undefined {
  let living: ProcessIdentity | undefined;
  for (const name of readdirSync(path)) {
    if (name === except || !pattern.test(name)) continue;
    const other = read(join(path, name));
    if (!other) continue;
    if (isGone(other, own)) rmSync(join(path, name), { force: true });
    else living = other;
  }
  return living;
}

/** `undefined` when its owner removed it meanwhile. */
function read(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function locked(path: string, owner: ProcessIdentity): SemelError {
  const where = owner.host === ownIdentity().host ? "" : ` on ${owner.host}`;
  return new SemelError(
    "DIRECTORY_LOCKED",
    `the directory ${path} is in use by process ${owner.pid}${where}; one process at a time can use it`,
    {
      isRetryable: true,
      details: { directory: path, pid: owner.pid, host: owner.host },
    },
  );
}
