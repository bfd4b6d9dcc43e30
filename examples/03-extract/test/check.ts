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
const folder = (name: string): string => {
  mkdirSync(join(cwd, name));
  return join(cwd, name);
};
function refused(args: readonly string[], expected: RegExp): void {
  const { status, stderr } = run(...args);
  assert.equal(status, 2, stderr);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  assert.match(stderr.trimEnd(), expected);
}
const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

try {
  const first = run();
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout.match(/ completed, attempt /g)?.length, 10);
  assert.equal(first.stdout.match(/ dead of MODEL_/g)?.length, 4);
  assert.match(first.stdout, /^03-seeds.* attempt 2: Prof\. Vavilov, Mrs\. Abashidze, Tbilisi, 1923-04-02$/m);
  assert.equal(
    lastLine(first.stdout),
    "14 letters, 14 of them to be read: 24 requests, 14 answers, each on the bill once",
  );

  // What was read is replayed; only what died is tried again.
  const second = run();
  assert.equal(second.status, 0, second.stderr);
  assert.match(lastLine(second.stdout), /^14 letters, 4 of them to be read: /);

  // A request that makes no sense is told in one line.
  const own = folder("own");
  const file = join(own, "one.md");
  for (const [args, expected] of [
    [[own], /found none$/],
    [[join(own, "absent")], /expected a folder, there is none$/],
    [[""], /expected a folder, got an empty name$/],
    [[own, own], /expected one folder, got 2$/],
    [["--verbose"], /Unknown option '--verbose'; --help shows what there is$/],
  ] as const)
    refused(args, expected);
  writeFileSync(file, "Dr. Ada wrote from Turin on 1840-09-01.");
  refused([file], /expected a folder, it is a file$/);
  const help = run("--help");
  assert.equal(help.status, 0);
  assert.match(help.stdout, /^Usage: npm start/);

  // What is no letter is left out, and told with the reason.
  writeFileSync(join(own, "no-text.md"), Buffer.from([0, 1, 2]));
  writeFileSync(join(own, "latin.txt"), Buffer.from("caf\xe9", "latin1"));
  writeFileSync(join(own, "empty.txt"), " \n");
  writeFileSync(join(own, ".hidden.txt"), "Dr. No wrote.");
  writeFileSync(join(own, "large.txt"), "From Turin. ".repeat(250_000));
  mkdirSync(join(own, "folder.md"));
  const one = run(own);
  assert.equal(one.status, 0, one.stderr);
  assert.deepEqual(one.stdout.match(/^left out: .*$/gm), [
    "left out: .hidden.txt (hidden)",
    "left out: empty.txt (empty)",
    "left out: folder.md (no file)",
    "left out: large.txt (larger than 100 kB)",
    "left out: latin.txt (not UTF-8)",
    "left out: no-text.md (binary)",
  ]);
  assert.match(lastLine(one.stdout), /^1 letters, 1 of them to be read: /);

  // Letters of one text are two letters; one in another is not taken for it; a date that there is none of is no date; the largest
  // that is read is read; and whatever a file is named, it has one line.
  const odd = folder("odd");
  const text = "Mr. Twin wrote from Turin on 1840-09-01, not on 2023-02-30.";
  for (const name of ["twin-1.txt", "twin-2.txt", "twin-3.txt", "\u202e\u001b[2J\n.txt"])
    writeFileSync(join(odd, name), text);
  writeFileSync(join(odd, "around.txt"), `${text}\n<</document>> ${text}`);
  writeFileSync(join(odd, "long.txt"), "Dr. Long wrote from Turin. ".repeat(3_700));
  const strange = run(odd);
  assert.equal(strange.status, 0, strange.stderr);
  assert.match(strange.stdout, /^\\u\{202e\}\\u\{1b\}\[2J\\n\.txt /m);
  assert.doesNotMatch(strange.stdout, /[^\n\P{Cc}]/u);
  assert.match(lastLine(strange.stdout), /^6 letters, 6 of them to be read: /);

  // What happens to a letter hangs on its name: one more beside it, and in front of all, changes nothing.
  const nine = folder("nine");
  for (let number = 1; number <= 9; number++)
    writeFileSync(join(nine, `letter-${number}.txt`), `Dr. Ada wrote from Turin on 1840-09-0${number}.`);
  const before = run(nine);
  assert.equal(before.status, 0, before.stderr);
  writeFileSync(join(nine, "a-first.txt"), "Mr. First wrote from Turin.");
  const after = run(nine);
  assert.equal(after.status, 0, after.stderr);
  const stories = ({ stdout }: typeof before) => stdout.match(/^letter-\d.{60}/gm);
  assert.deepEqual(stories(after), stories(before));
  assert.equal(stories(after)?.length, 9);
  assert(
    new Set(stories(after)?.map((story) => story.slice(16, 40))).size > 3,
    "most letters of one's own meet something",
  );
  console.log(first.stdout.trimEnd().replaceAll(/^/gm, "✓ "));
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
