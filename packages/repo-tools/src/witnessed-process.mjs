import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * @typedef {object} WitnessedProcess
 * @property {number} pid
 * @property {readonly string[]} lines what it printed on standard output so far
 * @property {readonly string[]} complaints what it printed on standard error: nothing, unless something is wrong
 * @property {(passes: (line: string) => boolean) => Promise<string>} line resolves with the first line, printed already or
 *   to come, that passes; rejects when the process ends without
 * @property {(name: NodeJS.Signals) => void} signal
 * @property {Promise<number | null>} ended its exit code once it has ended; `null` after a kill
 */

/**
 * Runs a Node program and listens to what it prints.
 *
 * @param {readonly string[]} args flags for Node, the program, and what it is told
 * @param {NodeJS.ProcessEnv} [env] besides this process's own
 * @returns {WitnessedProcess}
 */
export function witnessedProcess(args, env = {}) {
  const running = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  /** @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  const complaints = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  for (const [output, into] of /** @type {const} */ ([
    [running.stdout, lines],
    [running.stderr, complaints],
  ])) {
    createInterface({ input: output }).on("line", (line) => {
      into.push(line);
      for (const look of waiting) look();
    });
  }
  // "close" comes after the last line, "exit" may come before it.
  const ended = once(running, "close").then(([code]) => /** @type {number | null} */ (code));
  /** @type {WitnessedProcess["line"]} */
  const line = (passes) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.find(passes);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      void ended.then(() => {
        waiting.delete(look);
        reject(new Error(`it ended without that:\n${[...lines, ...complaints].join("\n")}`));
      });
      look();
    });
  return { pid: running.pid ?? -1, lines, complaints, line, signal: (name) => void running.kill(name), ended };
}
