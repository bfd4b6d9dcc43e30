import { execFileSync } from "node:child_process";
import { delimiter, resolve } from "node:path";

/** @typedef {"path" | "apt" | "docker"} RedisSource */
/** @typedef {{ source: RedisSource, program: string }} RedisBinary
 *   `program` is `redis-server`, or `docker` where the server is to run in a container. */

/**
 * Where a Redis server can come from, best first: one that is there, Debian's package, Docker.
 *
 * @type {Record<RedisSource, () => string>} each gives the program or throws the reason why not
 */
const sources = { path: installedOnTheMachine, apt: debianPackage, docker };

/**
 * Throws one line with every source's reason when there is none.
 *
 * @param {string | undefined} only one source by name; otherwise the first that has it
 * @returns {RedisBinary}
 */
export function findRedis(only) {
  const names = /** @type {RedisSource[]} */ (Object.keys(sources));
  const wanted = only === undefined ? names : names.filter((name) => name === only);
  if (wanted.length === 0) throw new Error(`SEMEL_REDIS_SOURCE: expected ${names.join(", ")}, got ${only}.`);
  const reasons = [];
  for (const source of wanted) {
    try {
      return { source, program: sources[source]() };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`No Redis for the tests: ${reasons.join("; ")}.`);
}

function installedOnTheMachine() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const programs = folders.map((folder) => resolve(folder, "redis-server"));
  const program = programs.find((candidate) => runs(candidate, "--version"));
  if (program === undefined) throw new Error("no redis-server on the PATH");
  return program;
}

function debianPackage() {
  if (process.getuid?.() !== 0) throw new Error("Debian's package needs root");
  // Runlevel 1 is maintenance: the package's own service is installed and not started. Tests never use it.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const patience = ["-o", "DPkg::Lock::Timeout=120"];
  try {
    for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "redis-server"]]) {
      execFileSync("apt-get", [...patience, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    }
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Error(`apt-get: ${reason}`);
  }
  return installedOnTheMachine();
}

function docker() {
  // The client alone is no use: `info` asks the daemon.
  if (!runs("docker", "info")) throw new Error("no Docker that answers");
  return "docker";
}

/**
 * @param {string} program
 * @param {string} argument
 */
function runs(program, argument) {
  try {
    execFileSync(program, [argument], { cwd: "/", stdio: "ignore", timeout: 15_000 });
    return true;
  } catch {
    return false;
  }
}
