// Runs the program as a reader would: in an empty folder, and again there. It asserts by itself how each letter ends and what is paid.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "semel-extract-"));

const run = (...args: readonly string[]) => {
  const all = ["--disable-warning=ExperimentalWarning", program, ...args];
  return spawnSync(process.execPath, all, { cwd, encoding: "utf8", timeout: 120_000 });
};
const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

try {
  const first = run();
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout.match(/ completed, attempt /g)?.length, 10);
  assert.equal(first.stdout.match(/ dead of MODEL_/g)?.length, 4);
  assert.match(first.stdout, /^03-seeds.* attempt 2: Prof\. Vavilov, Mrs\. Abashidze, Tbilisi, 1923-04-02$/m);
  assert.equal(
    lastLine(first.stdout),
    "14 letters, 14 of them to be read: 24 requests, 13 answers, each on the bill once",
  );

  // What was read is replayed; only what died is tried again.
  const second = run();
  assert.equal(second.status, 0, second.stderr);
  assert.match(lastLine(second.stdout), /^14 letters, 4 of them to be read: /);

  const own = join(cwd, "own");
  mkdirSync(own);
  const none = run(own);
  assert.equal(none.status, 2);
  assert.match(none.stderr, /found none/);
  writeFileSync(join(own, "one.md"), "Dr. Ada wrote from Turin on 1840-09-01.");
  writeFileSync(join(own, "no-text.md"), Buffer.from([0, 1, 2]));
  writeFileSync(join(own, "empty.txt"), " \n");
  const one = run(own);
  assert.equal(one.status, 0, one.stderr);
  assert.equal(lastLine(one.stdout), "1 letters, 1 of them to be read: 1 requests, 1 answers, each on the bill once");
  console.log(first.stdout.trimEnd().replaceAll(/^/gm, "✓ "));
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
