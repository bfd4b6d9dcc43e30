import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, onTestFinished } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the first child has compiled the others need not: most of what it takes to start one. */
const compiled = mkdtempSync(join(tmpdir(), "semel-compiled-"));
afterAll(() => rmSync(compiled, { recursive: true, force: true, maxRetries: 5 }));

export interface Child {
  readonly pid: number;
  /** What it printed on standard output so far. */
  readonly lines: readonly string[];
  /** What it printed on standard error: nothing, unless something is wrong. */
  readonly complaints: readonly string[];
  /** Resolves with the first line, printed already or to come, that passes. Rejects when the child ends without. */
  line(passes: (line: string) => boolean): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Its exit code once it has ended; `null` after a kill. */
  readonly ended: Promise<number | null>;
}

/** Runs a program of `children/` with its settings. It is killed when the test ends, if it still runs then. */
export function child(program: string, settings: object, preload: readonly string[] = []): Child {
  const imports = ["./sources.mjs", ...preload].flatMap((path) => ["--import", at(path)]);
  const running: ChildProcess = spawn(
    process.execPath,
    [...imports, at(`../children/${program}.ts`), JSON.stringify(settings)],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_COMPILE_CACHE: compiled } },
  );
  const lines: string[] = [];
  const complaints: string[] = [];
  const waiting = new Set<() => void>();
  const read = (output: typeof running.stdout, into: string[]): void => {
    if (!output) return;
    createInterface({ input: output }).on("line", (line) => {
      into.push(line);
      for (const look of waiting) look();
    });
  };
  read(running.stdout, lines);
  read(running.stderr, complaints);
  // "close" comes after the last line, "exit" may come before it.
  const ended = once(running, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    running.kill("SIGKILL");
    await ended;
  });
  const line: Child["line"] = (passes) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(passes);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void ended.then(() => reject(new Error(`${program} ended without it:\n${[...lines, ...complaints].join("\n")}`)));
      look();
    });
  return { pid: running.pid ?? -1, lines, complaints, line, signal: (name) => void running.kill(name), ended };
}
