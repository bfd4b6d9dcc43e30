// Runs the program as a reader would, in an empty folder and once more in the same: it prints the same.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "semel-first-job-"));
try {
  for (const time of ["the first time", "once more"]) {
    const args = ["--disable-warning=ExperimentalWarning", program];
    const printed = execFileSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 60_000 });
    assert.equal(printed, "duplicate true { dimensions: 33 } paid 1 time\n", time);
    console.log(`✓ ${time}: ${printed.trimEnd()}`);
  }
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
