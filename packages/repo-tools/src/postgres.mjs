import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "./free-port.mjs";
import { findBinaries } from "./postgres-binaries.mjs";
import { collect, ending, lastLine, watchServer } from "./server-process.mjs";

/**
 * @typedef {object} Postgres
 * @property {string} url
 * @property {string} version
 * @property {"PG_URL" | import("./postgres-binaries.mjs").BinarySource} source
 * @property {() => Promise<void>} stop ends a private one for good and removes its folder
 * @property {() => Promise<void>} kill PostgreSQL's immediate stop: every process of it ends at once and writes nothing
 *   more, as if the machine had been switched off. Resolves when it is gone. Only of a private one
 * @property {() => Promise<void>} restart starts it on the same port and data, after `kill` if it is still running;
 *   resolves when it has recovered and takes connections. Only of a private one
 */

/** @typedef {import("./postgres-binaries.mjs").User} User */

const startTimeoutMs = 60_000;
const portAttempts = 3;

/**
 * A real PostgreSQL for tests: the one at `PG_URL`, or a private one that nobody else can reach or will notice.
 * `SEMEL_PG_SOURCE` (path, npm or apt) says where the private one must come from. Throws one line when there is none.
 *
 * @param {{ private?: boolean }} [options] `private`: one that can be killed, whatever `PG_URL` says. Default: `false`
 * @returns {Promise<Postgres>}
 */
export async function startPostgres(options = {}) {
  const given = options.private === true ? "" : process.env.PG_URL;
  if (given !== undefined && given !== "") return await givenServer(given);
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(temporaryFolder(user), "semel-postgres-"));
  try {
    chmodSync(folder, 0o755);
    const { source, folder: programs } = findBinaries(user, folder, process.env.SEMEL_PG_SOURCE || undefined);
    const password = randomBytes(16).toString("hex");
    const data = await createCluster(programs, folder, user, password);
    const server = await startServer(programs, data, folder, user);
    const { stop, kill, restart } = server;
    const url = `postgres://semel:${password}@127.0.0.1:${server.port}/postgres`;
    try {
      return { url, version: await serverVersion(url), source, stop, kill, restart };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * @param {string} programs
 * @param {string} folder
 * @param {User} user
 * @param {string} password
 * @returns {Promise<string>} the data folder
 */
async function createCluster(programs, folder, user, password) {
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  give(user, folder, data, passwordFile);
  // --no-sync: nothing here has to survive a power cut.
  const options = [
    "--username=semel",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
  ];
  const initdb = spawn(join(programs, "initdb"), ["--no-sync", ...options, "--pgdata", data], child(user, folder));
  const output = collect(initdb);
  const code = await ending(initdb);
  rmSync(passwordFile);
  if (code !== 0) throw new Error(`initdb failed: ${lastLine(output())}`);
  return data;
}

/**
 * @param {string} programs
 * @param {string} data
 * @param {string} folder
 * @param {User} user
 * @returns {Promise<{ port: number } & Pick<Postgres, "stop" | "kill" | "restart">>}
 */
async function startServer(programs, data, folder, user) {
  const settings = {
    listen_addresses: "127.0.0.1",
    // No socket file: its path could be too long, and tests connect over the loopback.
    unix_socket_directories: "",
    fsync: "off",
    shared_buffers: "32MB",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  /** @param {number} port */
  const start = async (port) => {
    const server = spawn(join(programs, "postgres"), ["-D", data, "-p", String(port), ...flags], child(user, folder));
    const output = collect(server);
    const ended = ending(server);
    if (await isReady(output, ended)) return { server, ended };
    server.kill("SIGKILL");
    await ended;
    throw new Error(`PostgreSQL did not start: ${lastLine(output())}`);
  };
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { port, ...hosted(await start(port), () => start(port), folder) };
    } catch (error) {
      // Between finding a free port and taking it, somebody else may have taken it.
      if (!/could not bind|could not create any TCP\/IP sockets/.test(String(error)) || attempt === portAttempts)
        throw error;
    }
  }
}

/**
 * @param {() => string} output
 * @param {Promise<unknown>} ended
 */
async function isReady(output, ended) {
  let hasEnded = false;
  void ended.finally(() => {
    hasEnded = true;
  });
  const deadline = performance.now() + startTimeoutMs;
  while (!hasEnded && performance.now() < deadline) {
    if (output().includes("database system is ready to accept connections")) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** @typedef {{ server: import("node:child_process").ChildProcess, ended: Promise<unknown> }} Started */

/**
 * @param {Started} first
 * @param {() => Promise<Started>} start
 * @param {string} folder
 * @returns {Pick<Postgres, "stop" | "kill" | "restart">}
 */
function hosted(first, start, folder) {
  const watcher = watchServer(folder, "INT");
  let running = first;
  const watch = () => {
    if (running.server.pid !== undefined) watcher.tell(running.server.pid);
  };
  const kill = async () => {
    watcher.tell("");
    running.server.kill("SIGQUIT");
    await running.ended;
  };
  watch();
  return {
    kill,
    async restart() {
      await kill();
      running = await start();
      watch();
    },
    async stop() {
      // First the watcher: it must not signal a process number that is about to become free.
      watcher.end();
      // SIGINT is PostgreSQL's fast shutdown: it ends the connections that are left.
      running.server.kill("SIGINT");
      await running.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * @param {string} url
 * @returns {Promise<Postgres>}
 */
async function givenServer(url) {
  const refuse = async () => {
    throw new Error("The server at PG_URL is not ours to kill or restart: start one with `private`.");
  };
  return {
    url,
    version: await serverVersion(url),
    source: "PG_URL",
    stop: async () => {},
    kill: refuse,
    restart: refuse,
  };
}

/** @param {string} url */
async function serverVersion(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const { rows } = await client.query("show server_version");
    return String(rows[0].server_version);
  } catch (error) {
    const { host, port } = client;
    throw new Error(`PostgreSQL at ${host}:${port}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    await client.end();
  }
}

/**
 * PostgreSQL refuses to run as root, and wants a user that the system knows.
 *
 * @returns {User}
 */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return {};
  const known = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = known.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL cannot run as root, and there is neither a user postgres nor a user nobody.");
}

/**
 * Root's own temporary folder may be closed to the user who runs the server.
 *
 * @param {User} user
 */
function temporaryFolder(user) {
  return user.uid !== undefined && existsSync("/tmp") ? "/tmp" : tmpdir();
}

/**
 * @param {User} user
 * @param {string[]} paths
 */
function give({ uid, gid }, ...paths) {
  if (uid !== undefined && gid !== undefined) for (const path of paths) chownSync(path, uid, gid);
}

/**
 * @param {User} user
 * @param {string} cwd
 * @returns {import("node:child_process").SpawnOptionsWithStdioTuple<"ignore", "pipe", "pipe">}
 */
function child(user, cwd) {
  // PG* variables of the developer's own database must not reach a private one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PG")));
  return { ...user, cwd, env: { ...env, HOME: cwd, LC_ALL: "C" }, stdio: ["ignore", "pipe", "pipe"] };
}
