import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { RunAnswer, RunTask, RunWord } from "./run-process.ts";

/** Does one run in a process of its own. Answers what it found out, also when that is why it broke off. */
export async function startRun(task: RunTask, progress: (text: string) => void): Promise<RunAnswer> {
  const script = join(import.meta.dirname, "run-process.ts");
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(task)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let answer: RunAnswer | undefined;
  child.on("message", (message) => {
    const word = message as RunWord;
    if (word.is === "progress") progress(word.text);
    else answer = word;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return answer ?? { is: "figures", figures: [], problem: `its process ended with ${signal ?? `code ${code}`}` };
}
