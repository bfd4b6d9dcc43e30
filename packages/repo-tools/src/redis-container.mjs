import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import { lastLine, startWatcher } from "./server-process.mjs";

const image = "redis:7-alpine";
const execute = promisify(execFile);

/**
 * @typedef {object} ContainerOptions
 * @property {number[]} ports are reachable on 127.0.0.1 of this machine, under the same numbers
 * @property {string | undefined} network the container whose network it joins instead; that one has the ports
 */

/**
 * A Redis in a container. The data is in a folder of this machine, as it is without a container.
 *
 * @param {string} docker the program
 * @param {string} folder
 * @param {ContainerOptions} options
 * @returns {import("./redis-host.mjs").RedisHost}
 */
export function containerHost(docker, folder, { ports, network }) {
  const name = `semel-redis-${randomBytes(6).toString("hex")}`;
  const watcher = startWatcher('"$1" rm --force --volumes "$2"; rm -rf "$3"', docker, name, folder);
  let isCreated = false;
  let isRunning = false;
  let isPaused = false;
  /** @type {Promise<void>} */
  let ended = Promise.resolve();
  let complaint = "";
  /** @param {string[]} args */
  const call = async (...args) => {
    try {
      await execute(docker, args);
    } catch (error) {
      throw new Error(`docker ${args[0]}: ${lastLine(error instanceof Error ? error.message : String(error))}`);
    }
  };
  const resume = async () => {
    if (isPaused) await call("unpause", name);
    isPaused = false;
  };
  return {
    pid: () => undefined,
    isRunning: () => isRunning,
    async start(flags) {
      if (!isCreated) {
        const publish = ports.flatMap((port) => ["--publish", `127.0.0.1:${port}:${port}`]);
        const reach = network === undefined ? publish : ["--network", `container:${network}`];
        // Files in the folder have to belong to us: we remove them.
        const user = process.getuid === undefined ? [] : ["--user", `${process.getuid()}:${process.getgid?.()}`];
        const data = ["--volume", `${folder}:${folder}`, "--workdir", folder];
        // The container's own loopback is not where published ports arrive; the machine's is, and nobody else's.
        const open = ["--bind", "0.0.0.0", "--protected-mode", "no"];
        await call("create", "--name", name, ...reach, ...user, ...data, image, "redis-server", ...flags, ...open);
        isCreated = true;
      }
      isRunning = true;
      try {
        await call("start", name);
      } catch (error) {
        isRunning = false;
        complaint = error instanceof Error ? error.message : String(error);
        return;
      }
      ended = call("wait", name)
        .catch(() => {})
        .then(() => {
          isRunning = false;
        });
    },
    async kill() {
      if (!isRunning) return;
      // Docker does not kill what is paused.
      await resume();
      await call("kill", "--signal", "KILL", name);
      await ended;
    },
    async pause() {
      if (!isPaused) await call("pause", name);
      isPaused = true;
    },
    resume,
    async complaint() {
      if (complaint !== "") return complaint;
      const { stdout, stderr } = await execute(docker, ["logs", name]);
      return lastLine(stdout + stderr);
    },
    async remove() {
      watcher.end();
      await resume();
      // It may never have been created.
      await call("rm", "--force", "--volumes", name).catch(() => {});
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
    network: name,
  };
}
