// Runs the example as a reader would, and holds what it prints against what the README says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const args = ["--disable-warning=ExperimentalWarning", path("../src/main.ts")];
const printed = execFileSync(process.execPath, args, { encoding: "utf8", timeout: 270_000 });

/** Keys are new every time. */
const withoutKeys = (text: string): string => text.replace(/key [\w-]{8}…/g, "key …").trim();
const [, shown = ""] = /```text\n(.*?)```/s.exec(readFileSync(path("../README.md"), "utf8")) ?? [];
assert.equal(withoutKeys(printed), withoutKeys(shown));
console.log("✓ the ledger says 1 charge where the key is honoured, and 2 where it is not");
