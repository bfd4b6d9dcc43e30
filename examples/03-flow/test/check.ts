// Runs the program as a reader would, in an empty folder. It asserts by itself what it has paid for.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "semel-flow-"));
try {
  const args = ["--disable-warning=ExperimentalWarning", program];
  const printed = execFileSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 120_000 });
  assert.equal(
    printed,
    `edition 1: completed, paid for 100 chunks
edition 2: dead of chunk 95, the provider refuses "chunk 95, edition 2"
edition 2: completed after a redrive, paid for 10 chunks more
`,
  );
  console.log(`✓ ${printed.trimEnd().replaceAll("\n", "\n✓ ")}`);
} finally {
  rmSync(cwd, { recursive: true, force: true });
}
