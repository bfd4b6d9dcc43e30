import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SemelError } from "@semel/core";
import { fileSystemNow, isLock, newLockName, readLock, touchLock, writeLock } from "./lock-file.ts";
import { fateOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/**
 * One process owns the directory.
 *
 * There is not one lock file that everybody fights over – taking over a dead owner's file cannot be made atomic with
 * what a file system offers – but one per contender, with a random name. Who wants the directory puts its file there
 * and then looks: is it the only one of a living process, the directory is its own; if not, it takes its file back and
 * tries again later. Two cannot both win, since the second to put its file there sees the first one's. A dead process's
 * file can be removed by anybody at any time, for its name is never used again.
 *
 * Whether a process lives is asked of the system where it can be. Of one elsewhere nothing is known but the age of its
 * lock, which every owner touches now and then.
 */
export interface DirectoryLock {
  release(): void;
}

/** How often an owner touches its lock. */
const touchEveryMs = 10_000;

/** From what age on the lock of an owner of whom nothing else is known counts as abandoned: three signs of life missed. */
export const abandonedAfterMs = 35_000;

interface Owner {
  readonly identity: ProcessIdentity;
  readonly isUnsure: boolean;
}

/**
 * On the machine's clock, whatever clock the program runs on: it is other processes that are waited for, and that look.
 *
 * @throws `DIRECTORY_LOCKED` when another process still has it after `waitMs`.
 */
export async function lockDirectory(
  path: string,
  waitMs: number,
  touchMs: number = touchEveryMs,
): Promise<DirectoryLock> {
  const own = ownIdentity();
  const until = performance.now() + waitMs;
  for (;;) {
    const owner = ownerOf(path, own, undefined) ?? tryToEnter(path, own, touchMs);
    if ("release" in owner) return owner;
    const left = until - performance.now();
    if (left <= 0) throw locked(path, owner);
    // At random: contenders that saw one another must not meet again and again.
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 20 + Math.random() * 80)));
  }
}

function tryToEnter(path: string, own: ProcessIdentity, touchMs: number): DirectoryLock | Owner {
  const name = newLockName();
  const file = join(path, name);
  writeLock(file, own);
  const other = ownerOf(path, own, name);
  if (other) {
    rmSync(file, { force: true });
    return other;
  }
  const touching = setInterval(() => {
    try {
      touchLock(file, own);
    } catch {
      // A disk that is full or away for a moment. The next time is soon enough.
    }
  }, touchMs);
  touching.unref();
  const release = (): void => {
    clearInterval(touching);
    process.removeListener("exit", release);
    rmSync(file, { force: true });
  };
  // Neither a crash nor SIGKILL comes by here: their locks are recognised as a dead process's.
  process.on("exit", release);
  return { release };
}

/** The living process that has a file here, if there is one beside `except`. Removes those of dead ones. */
function ownerOf(path: string, own: ProcessIdentity, except: string | undefined): Owner | undefined {
  let living: Owner | undefined;
  for (const name of readdirSync(path)) {
    if (name === except || !isLock(name)) continue;
    const lock = readLock(join(path, name));
    if (!lock) continue;
    const fate = fateOf(lock.owner, own);
    if (fate === "gone" || (fate === "unsure" && fileSystemNow(path) - lock.touchedAt > abandonedAfterMs))
      rmSync(join(path, name), { force: true });
    else living = { identity: lock.owner, isUnsure: fate === "unsure" };
  }
  return living;
}

function locked(path: string, { identity: { pid, host }, isUnsure }: Owner): SemelError {
  // Elsewhere may have the same host name: a container that was started again, a machine that was.
  const who = isUnsure ? `process ${pid} on ${host}, in another container or on another machine` : `process ${pid}`;
  const hint = isUnsure ? ` If it has ended, its lock does so within ${abandonedAfterMs / 1_000} s.` : "";
  return new SemelError(
    "DIRECTORY_LOCKED",
    `the directory ${path} is in use by ${who}; one process at a time can use it.${hint}`,
    { isRetryable: true, details: { directory: path, pid, host } },
  );
}
