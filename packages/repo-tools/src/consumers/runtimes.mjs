import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "../pnpm.mjs";
import { StepError } from "../progress.mjs";
import { cacheFolder, root } from "../repository.mjs";

/**
 * @typedef {object} Runtime  What users run JavaScript with.
 * @property {string} name
 * @property {string} version
 * @property {"node" | "bun"} kind
 * @property {string} npmPackage which carries the executable for this platform; npm has none for every platform
 */

/** @param {string} version @returns {Runtime} */
const node = (version) => ({
  name: `Node ${version}`,
  version,
  kind: "node",
  npmPackage: `node-${process.platform}-${process.arch}`,
});

const bunPlatform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;

/** The newest of each Node that is supported when this was written. */
export const node22 = node("22.23.3");
export const node24 = node("24.21.0");
export const node26 = node("26.12.1");
/** @type {Runtime} */
export const bun = { name: "Bun 1.4.5", version: "1.4.5", kind: "bun", npmPackage: `@oven/bun-${bunPlatform}` };

/**
 * Gets a runtime out of npm, once for this repository.
 *
 * @param {Runtime} runtime
 * @returns {Promise<string | undefined>} path of the executable; undefined where npm has no build of it for this platform
 */
export async function executableOf({ name, version, kind, npmPackage }) {
  const inside = join("node_modules", npmPackage, "bin", process.platform === "win32" ? `${kind}.exe` : kind);
  const installed = join(root, "node_modules", npmPackage, "package.json");
  if (kind === "node" && existsSync(installed)) {
    const own = JSON.parse(readFileSync(installed, "utf8")).version;
    if (own === version) return join(root, inside);
  }
  const folder = join(cacheFolder, "runtimes", `${kind}-${version}`);
  const executable = join(folder, inside);
  if (existsSync(executable)) return executable;
  mkdirSync(join(cacheFolder, "runtimes"), { recursive: true });
  // Filled beside its place: an interrupted run leaves nothing that looks installed.
  const draft = mkdtempSync(join(cacheFolder, "runtimes", "draft-"));
  try {
    writeFileSync(join(draft, "package.json"), JSON.stringify({ private: true }));
    const args = [
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
      `${npmPackage}@${version}`,
    ];
    const { code, output } = await npm(args, draft);
    if (/\bE404\b|\bETARGET\b|\bEBADPLATFORM\b/.test(output)) return undefined;
    if (code !== 0) throw new StepError(`npm could not get ${name}.`, output);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return executable;
}
