import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../child.mjs";
import { environment, toolNode } from "../environment.mjs";
import { packedPackages } from "../packed.mjs";
import { npm } from "../pnpm.mjs";
import { StepError } from "../progress.mjs";
import { publishedPackages } from "../repository.mjs";
import { exitCheck } from "../stages/stage.mjs";

/** @typedef {import("../stages/stage.mjs").Check} Check */
/** @typedef {(result: import("../child.mjs").RunResult) => string | undefined} Judge  What is wrong although it exits with 0. */
/** @typedef {{ title: string, needs?: import("./runtimes.mjs").Runtime, run: (executable: string) => Promise<Check> }} Trial
 *   One thing that a user does. It runs where the runtime it needs exists; without one, on the tools' Node. */

const minute = 60_000;

/**
 * Lays a consumer's project out in a folder that has nothing to do with this repository.
 *
 * @param {string} temp
 * @param {"plain" | "jest" | "nest"} name of the folder in `consumers`
 * @param {import("../readme-program.mjs").ReadmeProgram} readme
 */
export async function layOut(temp, name, readme) {
  const folder = join(temp, name);
  mkdirSync(folder, { recursive: true });
  cpSync(fileURLToPath(new URL(`../../consumers/${name}`, import.meta.url)), folder, { recursive: true });
  writeFileSync(join(folder, "entries.json"), JSON.stringify(entries()));
  writeFileSync(join(folder, "prints.txt"), readme.prints);
  return folder;
}

/**
 * Installs it as users do: with npm, from tarballs; npm brings what they ask for.
 *
 * @param {string} folder
 * @param {Record<string, string>} [copies] further names for packages of ours
 */
export async function installConsumer(folder, copies = {}) {
  const path = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const packed = await packedPackages();
  for (const { name, tarball } of packed) manifest.dependencies[name] = `file:${tarball}`;
  for (const [alias, name] of Object.entries(copies))
    manifest.dependencies[alias] = `file:${packed.find((one) => one.name === name)?.tarball}`;
  writeFileSync(path, JSON.stringify(manifest, undefined, 2));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const { code, output } = await npm(args, folder, consumerEnvironment(toolNode()));
  if (code !== 0) throw new StepError("npm could not install the packed packages.", output);
}

/**
 * What a user's terminal has: nothing of this repository is on its PATH, beyond the runtime.
 *
 * @param {string} executable
 */
export function consumerEnvironment(executable) {
  return { ...environment(executable), NO_COLOR: "1", FORCE_COLOR: undefined, NODE_OPTIONS: undefined };
}

/**
 * @param {string} title
 * @param {string} cwd
 * @param {string} executable
 * @param {string[]} args
 * @param {Judge} [judge]
 * @returns {Promise<Check>}
 */
export async function trial(title, cwd, executable, args, judge = () => undefined) {
  const result = await run(executable, args, { cwd, env: consumerEnvironment(executable), timeout: 3 * minute });
  const problem = result.code === 0 ? judge(result) : undefined;
  return problem === undefined ? exitCheck(title, result) : { title, problem: `${problem}\n${result.output}` };
}

/** @param {string} expected */
export const printed =
  (expected) =>
  /** @param {import("../child.mjs").RunResult} result */
  ({ stdout }) =>
    words(stdout) === words(expected) ? undefined : `expected it to print\n${expected}\nit printed\n${stdout}`;

/**
 * What it says. Where `console.log` breaks an object into lines is the runtime's affair: Bun does it sooner.
 *
 * @param {string} text
 */
const words = (text) => text.trim().replace(/,?\s+/g, " ");

/** Every way into every published library, and how it can be loaded. */
function entries() {
  return publishedPackages().flatMap(({ manifest }) => {
    const { exports = {} } = /** @type {{ exports?: Record<string, object | string> }} */ (
      /** @type {unknown} */ (manifest)
    );
    return Object.entries(exports).flatMap(([subpath, ways]) => {
      if (typeof ways === "string") return [];
      const formats = ["import", "require"].filter((way) => way in ways);
      return formats.length === 0 ? [] : [{ entry: `${manifest.name}${subpath.slice(1)}`, formats }];
    });
  });
}
