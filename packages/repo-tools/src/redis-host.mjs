import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { collect, ending, lastLine, watchServer } from "./server-process.mjs";

/**
 * Where a private server runs: as a process of ours, or in a container.
 *
 * @typedef {object} RedisHost
 * @property {() => number | undefined} pid its process on this machine; `undefined` while it is down, or in a container
 * @property {() => boolean} isRunning
 * @property {(flags: string[]) => Promise<void>} start runs it; that it answers is the caller's to find out
 * @property {() => Promise<void>} kill SIGKILL; resolves when it is gone
 * @property {() => Promise<void>} pause
 * @property {() => Promise<void>} resume
 * @property {() => Promise<string>} complaint its last line, once it has ended by itself
 * @property {() => Promise<void>} remove everything that is left of it, the folder too
 * @property {string | undefined} network what the nodes of one cluster share; only containers have one
 */

/**
 * @param {string} program
 * @param {string} folder
 * @returns {RedisHost}
 */
export function processHost(program, folder) {
  const watcher = watchServer(folder, "KILL");
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  /** @type {Promise<unknown>} */
  let exited = Promise.resolve();
  /** @type {Promise<string>} */
  let complaint = Promise.resolve("");
  const kill = async () => {
    // First the watcher: it must not signal a process number that is about to become free.
    watcher.tell("");
    child?.kill("SIGKILL");
    await exited;
  };
  return {
    pid: () => child?.pid,
    isRunning: () => child !== undefined,
    async start(flags) {
      const started = spawn(program, flags, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
      const output = collect(started);
      complaint = ending(started).then(() => lastLine(output()));
      child = started;
      // Not the end of its output: a process that rewrites its log outlives it, and has the same streams.
      exited = new Promise((resolve) => {
        started.once("error", resolve).once("exit", resolve);
      }).then(() => {
        child = undefined;
        watcher.tell("");
      });
      if (started.pid !== undefined) watcher.tell(started.pid);
    },
    kill,
    async pause() {
      child?.kill("SIGSTOP");
    },
    async resume() {
      child?.kill("SIGCONT");
    },
    complaint: () => complaint,
    async remove() {
      // SIGKILL also ends a paused server, and there is nothing worth writing down before it goes.
      await kill();
      watcher.end();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
    network: undefined,
  };
}
