import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { type WitnessedProcess, witnessedProcess } from "@semel/repo-tools/witnessed-process";
import { afterAll, onTestFinished } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the first child has compiled the others need not: most of what it takes to start one. */
const compiled = mkdtempSync(join(tmpdir(), "semel-compiled-"));
afterAll(() => rmSync(compiled, { recursive: true, force: true, maxRetries: 5 }));

export type Child = WitnessedProcess;

/** Runs a program of `children/` with its settings. It is killed when the test ends, if it still runs then. */
export function child(program: string, settings: object, preload: readonly string[] = []): Child {
  const imports = [sourceLoader, ...preload.map(at)].flatMap((path) => ["--import", path]);
  const args = [...imports, at(`../children/${program}.ts`), JSON.stringify(settings)];
  const started = witnessedProcess(args, { NODE_COMPILE_CACHE: compiled });
  onTestFinished(async () => {
    started.signal("SIGKILL");
    await started.ended;
  });
  return started;
}
