import { spawn } from "node:child_process";

/**
 * What a process prints from now on.
 *
 * @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} process
 * @returns {() => string} the last 16 KiB of both streams
 */
export function collect({ stdout, stderr }) {
  let text = "";
  for (const stream of [stdout, stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      // The end is what matters, and a chatty server must not fill memory.
      text = (text + chunk).slice(-16_384);
    });
  }
  return () => text;
}

/**
 * Resolves when a process has ended and everything it printed has arrived.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number | null>} the exit code; `null` when it was killed or could not be started
 */
export function ending(child) {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
}

/** @param {string} output */
export function lastLine(output) {
  return output.trimEnd().split("\n").at(-1) ?? "";
}

/**
 * @typedef {object} Watcher
 * @property {(line: string | number) => void} tell what the script finds in `$last`; each replaces the one before
 * @property {() => void} end the script will not run any more
 */

/**
 * If this process is killed it can clean nothing. A watcher's input then closes, and its script does what stopping would
 * have done.
 *
 * @param {string} script for /bin/sh
 * @param {string[]} args what the script finds in `$1`, `$2`, …
 * @returns {Watcher}
 */
export function startWatcher(script, ...args) {
  const whole = `last=; while read -r line; do last=$line; done; ${script}`;
  const watcher = spawn("/bin/sh", ["-c", whole, "watcher", ...args], {
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
    // Its own group: the Ctrl-C that ends us must not end it.
    detached: true,
  });
  watcher.unref();
  // Somebody may have killed it. That alone is no reason for us to end.
  watcher.on("error", () => {});
  watcher.stdin.on("error", () => {});
  return {
    tell: (line) => void watcher.stdin.write(`${line}\n`),
    end: () => void watcher.kill("SIGKILL"),
  };
}

/**
 * Watches over a server that is a process of ours: tell it the server's process number, or "" while it is down.
 *
 * @param {string} folder is removed with the server
 * @param {"INT" | "KILL"} signal what ends the server
 * @returns {Watcher}
 */
export function watchServer(folder, signal) {
  // It waits for the server only so long: where nobody collects ended processes, a dead one still looks alive.
  const script = `if [ -n "$last" ]; then kill -"$1" "$last"
    for _ in $(seq 100); do kill -0 "$last" || break; sleep 0.1; done; fi; rm -rf "$2"`;
  return startWatcher(script, signal, folder);
}
