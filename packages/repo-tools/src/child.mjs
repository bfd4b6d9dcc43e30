import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, timeout?: number }} RunOptions
 *   `timeout` in milliseconds; a command that takes longer is ended and counts as failed. */
/** @typedef {{ code: number, output: string, stdout: string }} RunResult  `output` is both streams, as they came. */

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

// A signal sent to this process alone (not to the terminal's whole group) must not leave children behind.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Runs a command to its end and keeps what it printed. A command that cannot be started counts as failed.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = "";
    let stdout = "";
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    /** @param {number} code */
    const end = (code) => {
      running.delete(child);
      resolve({ code, output, stdout });
    };
    child.once("error", (error) => {
      output += `${error.message}\n`;
      end(127);
    });
    child.once("close", (code, signal) => end(code ?? signalCode(signal)));
  });
}

/**
 * Runs a command that talks to the terminal itself.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<number>} its exit code
 */
export function show(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: "inherit" });
    running.add(child);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(code ?? signalCode(signal));
    });
  });
}

/**
 * Runs a command in this process's place: same streams, signals passed on, and this process ends as the command ends.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export function become(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: "inherit" });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the command without us; passing it on would make it a second Ctrl-C.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once("error", (error) => {
    console.error(error.message);
    process.exitCode = 127;
  });
  child.once("close", (code, signal) => {
    if (signal === null) {
      process.exitCode = code ?? 1;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** @param {NodeJS.Signals | null} signal */
function signalCode(signal) {
  return signal === null ? 1 : 128 + constants.signals[signal];
}
