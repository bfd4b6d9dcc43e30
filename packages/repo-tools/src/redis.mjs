import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askRedis } from "./ask-redis.mjs";
import { freePort } from "./free-port.mjs";
import { findRedis } from "./redis-binary.mjs";
import { containerHost } from "./redis-container.mjs";
import { processHost } from "./redis-host.mjs";

/**
 * @typedef {object} RedisOptions
 * @property {string[]} [args] more flags for `redis-server`; they win over ours
 * @property {boolean} [appendonly] whether what it confirmed is still there after `kill` and `restart`; default `false`.
 *   It then writes before it answers (`appendfsync always`), which costs time
 * @property {boolean} [shared] whether others may use the same server, which makes the one at `REDIS_URL` good enough.
 *   Such a server cannot be killed, paused or restarted. Default `false`
 */

/**
 * @typedef {object} Redis
 * @property {string} url with the password, if `args` or `REDIS_URL` has one
 * @property {string} version
 * @property {string} host
 * @property {number} port
 * @property {string} folder where a private server keeps its files; "" for the one at `REDIS_URL`
 * @property {number | undefined} pid `undefined` while it is down, in a container, or not ours
 * @property {"REDIS_URL" | import("./redis-binary.mjs").RedisSource} source
 * @property {() => Promise<void>} stop ends it for good and removes its folder; leaves the one at `REDIS_URL` alone
 * @property {() => Promise<void>} kill SIGKILL; resolves when it is gone
 * @property {() => Promise<void>} restart starts it on the same port and folder, after `kill` if it is still running;
 *   resolves when it answers PING, which it does after it has read its files
 * @property {() => Promise<void>} pause SIGSTOP: connections stay open and nothing answers
 * @property {() => Promise<void>} resume SIGCONT
 */

const startTimeoutMs = 60_000;
/** How often to try another port when somebody took the one that was free. */
export const portAttempts = 3;

/**
 * A real Redis for tests and benches, private unless `shared` is set: it listens on 127.0.0.1 only, keeps its files in a
 * folder of its own, and ends with this process, even if that is killed. `SEMEL_REDIS_SOURCE` (path, apt or docker) says
 * where the private one must come from. Throws one line when there is none.
 *
 * @param {RedisOptions} [options]
 * @returns {Promise<Redis>}
 */
export async function startRedis(options = {}) {
  const given = process.env.REDIS_URL;
  const isGiven = given !== undefined && given !== "";
  if (isGiven && options.shared === true) return await givenServer(given);
  try {
    return (await startServer(options)).redis;
  } catch (error) {
    if (!isGiven || !(error instanceof Error)) throw error;
    throw new Error(
      `${error.message} REDIS_URL will not do here: this server is to be killed, paused or reconfigured.`,
    );
  }
}

/**
 * What `startRedis` does when it takes none that is there. Nodes of a cluster in containers share the first one's network.
 *
 * @param {RedisOptions} options
 * @param {{ ports: number[], at: number, network: string | undefined }} [node] its port is `ports[at]`
 * @returns {Promise<{ redis: Redis, network: string | undefined }>}
 */
export async function startServer(options, node) {
  const { source, program } = findRedis(process.env.SEMEL_REDIS_SOURCE || undefined);
  for (let attempt = 1; ; attempt += 1) {
    const ports = node?.ports ?? [await freePort()];
    const port = ports[node?.at ?? 0] ?? 0;
    // Not by way of a symbolic link: Docker Desktop shares folders by their real names.
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "semel-redis-"));
    const host =
      source === "docker"
        ? containerHost(program, folder, { ports, network: node?.network })
        : processHost(program, folder);
    try {
      return { redis: await privateServer(host, source, folder, port, options), network: host.network };
    } catch (error) {
      await host.remove();
      // Between finding a free port and taking it, somebody else may have taken it.
      if (!isPortTaken(error) || node !== undefined || attempt === portAttempts) throw error;
    }
  }
}

/** @param {unknown} error */
export function isPortTaken(error) {
  return /failed listening on port|address already in use|port is already allocated/i.test(String(error));
}

/**
 * @param {import("./redis-host.mjs").RedisHost} host
 * @param {import("./redis-binary.mjs").RedisSource} source
 * @param {string} folder
 * @param {number} port
 * @param {RedisOptions} options
 * @returns {Promise<Redis>}
 */
async function privateServer(host, source, folder, port, { args = [], appendonly = false }) {
  const settings = {
    bind: "127.0.0.1",
    port: String(port),
    dir: folder,
    save: "",
    appendonly: appendonly ? "yes" : "no",
    // Redis's own default answers before it writes while its disk is busy: then even SIGKILL loses what was confirmed.
    appendfsync: "always",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  const flags = [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...args];
  const password = args[args.lastIndexOf("--requirepass") + 1];
  const login = args.includes("--requirepass") && password !== undefined ? `:${encodeURIComponent(password)}@` : "";
  const url = `redis://${login}127.0.0.1:${port}`;
  const start = async () => {
    await host.start(flags);
    return await versionOnceReady(host, url);
  };
  return {
    url,
    version: await start(),
    host: "127.0.0.1",
    port,
    folder,
    get pid() {
      return host.pid();
    },
    source,
    stop: host.remove,
    kill: host.kill,
    async restart() {
      await host.kill();
      await start();
    },
    pause: host.pause,
    resume: host.resume,
  };
}

/**
 * @param {import("./redis-host.mjs").RedisHost} host
 * @param {string} url
 * @returns {Promise<string>}
 */
async function versionOnceReady(host, url) {
  const deadline = performance.now() + startTimeoutMs;
  while (host.isRunning() && performance.now() < deadline) {
    try {
      // Until it has read its files, it answers PING with an error.
      const [info = "", pong] = await askRedis(url, [["INFO", "server"], ["PING"]]);
      // Somebody else's server may be on a port that ours could not take.
      const isOurs = host.pid() === undefined || field(info, "process_id") === String(host.pid());
      if (host.isRunning() && isOurs && pong === "PONG") return field(info, "redis_version");
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const reason = host.isRunning() ? `no answer within ${startTimeoutMs} ms` : await host.complaint();
  throw new Error(`Redis did not start: ${reason}`);
}

/**
 * @param {string} url
 * @returns {Promise<Redis>}
 */
async function givenServer(url) {
  const [info = ""] = await askRedis(url, [["INFO", "server"]]);
  const { hostname, port } = new URL(url);
  const refuse = async () => {
    throw new Error("The server at REDIS_URL is not ours to kill, pause or restart: start one without `shared`.");
  };
  return {
    url,
    version: field(info, "redis_version"),
    host: hostname,
    port: Number(port || 6379),
    folder: "",
    pid: undefined,
    source: "REDIS_URL",
    stop: async () => {},
    kill: refuse,
    restart: refuse,
    pause: refuse,
    resume: refuse,
  };
}

/**
 * @param {string} info what INFO answers
 * @param {string} name
 */
export function field(info, name) {
  return info.match(new RegExp(`^${name}:(.*?)\\r?$`, "m"))?.[1] ?? "";
}
