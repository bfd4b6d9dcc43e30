import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sourceLoader } from "@semel/repo-tools/source-loader";
import { onTestFinished } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Child {
  readonly pid: number;
  /** What it printed so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line, printed already or to come, that passes. Rejects when the child ends without. */
  line(passes: (line: string) => boolean): Promise<string>;
  /** `kill -9`; resolves when it is dead. */
  kill(): Promise<void>;
  /** Its exit code once it has ended; `null` after a kill. */
  readonly ended: Promise<number | null>;
}

/** Runs a program of `children/`. It ends with the test at the latest. */
export function child(program: string, ...args: string[]): Child {
  const running: ChildProcess = spawn(
    process.execPath,
    ["--import", sourceLoader, at(`../children/${program}.ts`), ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const output of [running.stdout, running.stderr]) {
    if (!output) continue;
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  // "close" comes after the last line, "exit" may come before it.
  const ended = once(running, "close").then(([code]) => code as number | null);
  const kill = async (): Promise<void> => {
    running.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  const line = (passes: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find(passes);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void ended.then(() => reject(new Error(`${program} ended without it:\n${lines.join("\n")}`)));
      look();
    });
  return { pid: running.pid ?? -1, lines, line, kill, ended };
}
