import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@semel/core/adapter";
import { expect, test } from "vitest";
import { isLockFile, lockDirectory } from "../src/directory-lock.ts";
import { ownIdentity } from "../src/process-identity.ts";
import { child } from "./support/child.ts";
import { dispose, freshPath, start } from "./support/stage.ts";

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
  const lock = await lockDirectory(path, 0, systemClock);
  const waiting = child("contend", path, "1");
  const other = child("contend", path, "1");
  lock.release();
  expect(await Promise.all([waiting.ended, other.ended])).toEqual([0, 0]);
});

test("the lock of a killed process is taken over by one of many, never by two", { timeout: 120_000 }, async () => {
  const path = directory();
  for (let round = 0; round < 5; round++) {
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

const onLinux = test.runIf(process.platform === "linux");

onLinux("a pid that went to another process does not keep the directory", async () => {
  const path = directory();
  const forged = { ...ownIdentity(), pid: process.ppid, startedAt: "1" };
  writeFileSync(join(path, `lock-${"0".repeat(24)}.json`), JSON.stringify(forged));
  const lock = await lockDirectory(path, 0, systemClock);
  expect(locks(path)).toHaveLength(1);
  lock.release();
});

onLinux("a lock from before the machine started again is no lock", async () => {
  const path = directory();
  const forged = { ...ownIdentity(), boot: "another" };
  writeFileSync(join(path, `lock-${"0".repeat(24)}.json`), JSON.stringify(forged));
  const lock = await lockDirectory(path, 0, systemClock);
  lock.release();
});

test("a process elsewhere, of which nothing can be known, counts as alive", async () => {
  const path = directory();
  const elsewhere = { ...ownIdentity(), host: "another-machine", boot: "another", pid: 1 };
  writeFileSync(join(path, `lock-${"0".repeat(24)}.json`), JSON.stringify(elsewhere));
  await expect(lockDirectory(path, 0, systemClock)).rejects.toMatchObject({
    code: "DIRECTORY_LOCKED",
    details: { host: "another-machine" },
  });
});

test("the same process with another copy of the lock is refused as well", async () => {
  const path = directory();
  const lock = await lockDirectory(path, 0, systemClock);
  await expect(lockDirectory(path, 0, systemClock)).rejects.toMatchObject({ details: { pid: process.pid } });
  lock.release();
});

test("disposing frees the directory", async () => {
  const path = freshPath();
  const backend = await start(path);
  expect(locks(path)).toHaveLength(1);
  await dispose(backend);
  expect(locks(path)).toEqual([]);
});
