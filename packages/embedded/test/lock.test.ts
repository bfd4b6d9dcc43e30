import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { abandonedAfterMs, lockDirectory } from "../src/directory-lock.ts";
import { isLockFile } from "../src/lock-file.ts";
import { fateOf, ownIdentity, type ProcessIdentity } from "../src/process-identity.ts";
import { child } from "./support/child.ts";
import { freshPath, rounds, start } from "./support/stage.ts";

const locks = (path: string): string[] => readdirSync(path).filter(isLockFile);

function directory(): string {
  const path = freshPath();
  mkdirSync(path);
  return path;
}

test("a second process is told who has the directory, after waiting for it", async () => {
  const path = directory();
  const owner = child("contend", path, "1", "keep");
  await owner.line((line) => line === "kept");
  const before = performance.now();
  const error = await start(path, { waitForLock: "300ms" }).catch((thrown: unknown) => thrown);
  expect(performance.now() - before).toBeGreaterThanOrEqual(290);
  expect(error).toMatchObject({
    code: "DIRECTORY_LOCKED",
    isRetryable: true,
    details: { pid: owner.pid, directory: path },
  });
  expect(String(error)).toContain(String(owner.pid));
  expect(String(error)).toContain(path);
});

test("a waiting process gets the directory as soon as it is free", async () => {
  const path = directory();
  const lock = await lockDirectory(path, 0);
  const waiting = child("contend", path, "1");
  const other = child("contend", path, "1");
  lock.release();
  expect(await Promise.all([waiting.ended, other.ended])).toEqual([0, 0]);
});

test("the lock of a killed process is taken over by one of many, never by two", {
  timeout: rounds(60_000),
}, async () => {
  const path = directory();
  for (let round = 0; round < rounds(2); round++) {
    const killed = child("contend", path, "1", "keep");
    await killed.line((line) => line === "kept");
    const contenders = Array.from({ length: 6 }, () => child("contend", path, "8"));
    await killed.kill();
    const codes = await Promise.all(contenders.map(({ ended }) => ended));
    expect(
      contenders.flatMap(({ lines }) => lines),
      `round ${round}`,
    ).toEqual(contenders.map(() => "done"));
    expect(codes).toEqual(contenders.map(() => 0));
  }
  expect(locks(path)).toEqual([]);
});

test("a process that ends without letting go leaves no lock behind", async () => {
  const path = directory();
  const leaving = child("leave", path);
  expect(await leaving.ended).toBe(0);
  expect(locks(path)).toEqual([]);
});

/** As another process has left it here, which last gave a sign of life so long ago. */
function leaveLock(path: string, owner: ProcessIdentity, ageMs = 0): void {
  const file = join(path, `lock-${"0".repeat(24)}.json`);
  writeFileSync(file, JSON.stringify(owner));
  const at = (Date.now() - ageMs) / 1_000;
  utimesSync(file, at, at);
}

const own = ownIdentity();
/** Of each of these it cannot be known whether it lives. All have a pid that lives here. */
const unsure: readonly [string, ProcessIdentity][] = [
  ["another machine", { ...own, host: "another-machine", boot: "another" }],
  ["another container", { ...own, host: "another-container", namespace: "pid:[1]" }],
  ["a container of this name, before it was started again", { ...own, namespace: "pid:[1]" }],
  ["a machine of this name, or this one before it was started again", { ...own, boot: "another" }],
  ["a machine that tells less", { pid: own.pid, host: own.host }],
];

const onLinux = test.runIf(process.platform === "linux");

onLinux("of a process on this machine it is known whether it lives", () => {
  expect(fateOf(own, own)).toBe("alive");
  expect(fateOf({ ...own, pid: process.ppid, startedAt: "1" }, own), "a pid that went to another").toBe("gone");
  expect(fateOf({ ...own, pid: 2 ** 30 }, own)).toBe("gone");
});

test("where the system tells only the pid, that decides", () => {
  const here = { pid: process.pid, host: "here" };
  expect(fateOf(here, here)).toBe("alive");
  expect(fateOf({ ...here, pid: 2 ** 30 }, here)).toBe("gone");
});

onLinux.each(unsure)("of a process in %s it is not", (_, other) => {
  expect(fateOf(other, own)).toBe("unsure");
});

onLinux.each(unsure)("%s keeps the directory while its lock is touched", async (_, other) => {
  const path = directory();
  leaveLock(path, other, abandonedAfterMs - 10_000);
  await expect(lockDirectory(path, 0)).rejects.toMatchObject({
    code: "DIRECTORY_LOCKED",
    message: expect.stringContaining(`process ${other.pid} on ${other.host}, in another container`),
    details: { host: other.host },
  });
  expect(locks(path)).toHaveLength(1);
});

onLinux.each(unsure)("%s loses it when its lock was not touched for long", async (_, other) => {
  const path = directory();
  leaveLock(path, other, abandonedAfterMs + 1_000);
  const lock = await lockDirectory(path, 0);
  expect(locks(path)).toHaveLength(1);
  lock.release();
});

test("who waits for a process elsewhere gets the directory when its lock has grown old", async () => {
  const path = directory();
  leaveLock(path, { ...own, host: "another-machine" }, abandonedAfterMs - 200);
  const lock = await lockDirectory(path, 20_000);
  lock.release();
});

test("a living process keeps the directory, however old its lock", async () => {
  const path = directory();
  leaveLock(path, own, 10 * abandonedAfterMs);
  await expect(lockDirectory(path, 0)).rejects.toMatchObject({ details: { pid: process.pid } });
});

onLinux("a pid that went to another process does not keep it, however new the lock", async () => {
  const path = directory();
  leaveLock(path, { ...own, pid: process.ppid, startedAt: "1" });
  const lock = await lockDirectory(path, 0);
  expect(locks(path)).toHaveLength(1);
  lock.release();
});

test("an owner touches its lock again and again, and what it says stays as it is", async () => {
  const path = directory();
  const lock = await lockDirectory(path, 0, 20);
  const file = join(path, locks(path)[0] ?? "");
  for (let time = 0; time < 2; time++) {
    utimesSync(file, 0, 0);
    await expect.poll(() => statSync(file).mtimeMs, { interval: 5 }).toBeGreaterThan(Date.now() - 60_000);
  }
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(own);
  lock.release();
  expect(locks(path)).toEqual([]);
});

test("the same process with another copy of the lock is refused as well", async () => {
  const path = directory();
  const lock = await lockDirectory(path, 0);
  await expect(lockDirectory(path, 0)).rejects.toMatchObject({ details: { pid: process.pid } });
  lock.release();
});
