import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { embedded } from "../src/index.ts";
import { isLockFile } from "../src/lock-file.ts";
import { dispose, freshPath, host, job, prepared, start } from "./support/stage.ts";

// A first start creates a database: seconds, and many of them on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

test("nothing is created before the start", () => {
  const path = freshPath();
  embedded(path);
  expect(existsSync(path)).toBe(false);
});

test("options that cannot work are refused at once", () => {
  expect(() => embedded("")).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  expect(() => embedded("here", { waitForLok: "1s" } as never)).toThrow(
    /embedded\.waitForLok: expected one of waitFor/,
  );
  expect(() => embedded("x", { waitForLock: "soon" as never })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID" }),
  );
});

test("a directory that is absent is created, with those above it", async () => {
  const path = join(freshPath(), "deep", "deeper");
  const { queue } = await start(path);
  expect(await queue.add([job("1")])).toEqual([{ is: "added" }]);
});

test("a file is refused", async () => {
  const path = freshPath();
  writeFileSync(path, "");
  await expect(start(path)).rejects.toMatchObject({ code: "OPTION_INVALID" });
});

test("a directory that holds something else is refused and left as it is", async () => {
  const path = freshPath();
  mkdirSync(path);
  writeFileSync(join(path, "thesis.txt"), "years of work");
  await expect(start(path)).rejects.toMatchObject({
    code: "BACKEND_UNSAFE",
    message: expect.stringContaining("thesis.txt"),
  });
  expect(readdirSync(path)).toEqual(["thesis.txt"]);
});

test("a directory of a later format is refused", async () => {
  const path = freshPath();
  mkdirSync(path);
  writeFileSync(join(path, "semel.json"), '{"format":2}');
  await expect(start(path)).rejects.toMatchObject({ code: "BACKEND_UNSAFE" });
});

test.skipIf(process.getuid?.() === 0)("a directory that cannot be written to is refused", async () => {
  const path = freshPath();
  mkdirSync(path, { mode: 0o500 });
  await expect(start(path)).rejects.toMatchObject({ code: "BACKEND_UNSAFE" });
});

test("what a first start left behind when it was killed is thrown away", async () => {
  const path = freshPath();
  mkdirSync(join(path, "pg"), { recursive: true });
  writeFileSync(join(path, "pg", "PG_VERSION"), "half");
  writeFileSync(join(path, "semel.json"), '{"format":1,"complete":false}');
  const { queue } = await start(path);
  expect(await queue.add([job("1")])).toEqual([{ is: "added" }]);
  expect(JSON.parse(readFileSync(join(path, "semel.json"), "utf8"))).toEqual({ format: 1, complete: true });
});

test("all that name one directory in one process share its database", async () => {
  const path = await prepared();
  const first = await start(path);
  symlinkSync(path, `${path}-too`);
  const second = await start(`${path}-too`);
  await first.queue.add([job("1")]);
  expect(await second.queue.has("mail.send", job("1").id)).toBe(true);
  await dispose(first);
  expect((await second.queue.counts("mail.send")).waiting).toBe(1);
  await dispose(second);
  const third = await start(path);
  expect((await third.queue.counts("mail.send")).waiting).toBe(1);
});

test("queue and store may be disposed of in any order, or never be started", async () => {
  const path = await prepared();
  const { queue, store } = embedded(path);
  await store.start(host);
  await store[Symbol.asyncDispose]();
  await queue[Symbol.asyncDispose]();
  const again = embedded(path);
  await again.queue.start(host);
  await again.store.start(host);
  await again.store[Symbol.asyncDispose]();
  expect(await again.queue.add([job("1")])).toEqual([{ is: "added" }]);
  await again.queue[Symbol.asyncDispose]();
  await dispose(embedded(path));
});

test("the directory is locked from the start until all is disposed of", async () => {
  const path = await prepared();
  const locks = (): string[] => readdirSync(path).filter(isLockFile);
  const backend = await start(path);
  expect(locks()).toHaveLength(1);
  await dispose(backend);
  expect(locks()).toEqual([]);
});

test("a start that failed can be tried again", async () => {
  const path = await prepared();
  renameSync(path, `${path}-away`);
  writeFileSync(path, "");
  const { queue } = embedded(path);
  await expect(queue.start(host)).rejects.toThrow();
  rmSync(path);
  renameSync(`${path}-away`, path);
  await queue.start(host);
  expect(await queue.add([job("1")])).toEqual([{ is: "added" }]);
  await queue[Symbol.asyncDispose]();
});

test("in production, the start says what this is not for", async () => {
  vi.stubEnv("NODE_ENV", "production");
  const { queue } = embedded(await prepared());
  const { warnings } = await queue.start(host);
  expect(warnings).toEqual([expect.stringContaining("one process at a time")]);
  await queue[Symbol.asyncDispose]();
});
