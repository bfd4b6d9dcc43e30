import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { RowAnswer, RowTask } from "./row-process.ts";

/** Measures one row in a process of its own. Rejects if that ends without figures. */
export async function runRow(task: RowTask, nodeArguments: readonly string[] = []): Promise<RowAnswer> {
  const script = join(import.meta.dirname, "row-process.ts");
  const child = spawn(process.execPath, [...process.execArgv, ...nodeArguments, script, JSON.stringify(task)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // JSON has no word for NaN, which stands for what could not be measured.
    serialization: "advanced",
  });
  let answer: RowAnswer | undefined;
  child.on("message", (message) => {
    answer = message as RowAnswer;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (!answer) throw new Error(`the row's process ended with ${signal ?? `code ${code}`}`);
  return answer;
}
