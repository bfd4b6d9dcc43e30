import { join } from "node:path";
import { bundledAppChecks } from "../bundled-app.mjs";
import { run } from "../child.mjs";
import { toolNode } from "../environment.mjs";
import { fileListChecks } from "../file-list.mjs";
import { licencesCheck } from "../licences.mjs";
import { packedPackages } from "../packed.mjs";
import { root } from "../repository.mjs";
import { sizeChecks } from "../size.mjs";
import { treeShakingChecks } from "../tree-shaking.mjs";
import { exitCheck, tally } from "./stage.mjs";

const publint = join(root, "node_modules", "publint", "src", "cli.js");
const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");

/** Scripts that npm would run on a user's machine, or on whoever publishes. */
const lifecycle = /^(pre|post)?(install|prepare|publish|pack|version)$|^prepublishOnly$/;

/** @type {import("./stage.mjs").Stage} */
export const packaging = {
  name: "packaging",
  about: "what npm users would get: exports, types in every module mode, files, manifest, size, licences, in a bundle",
  needsBuild: true,
  async run(temp) {
    const packages = await packedPackages();
    const checks = (await Promise.all(packages.map(inspect))).flat();
    return tally([
      ...checks,
      ...(await fileListChecks()),
      ...(await sizeChecks()),
      ...(await treeShakingChecks()),
      await licencesCheck(),
      ...(await bundledAppChecks(temp)),
    ]);
  },
};

/**
 * @param {import("../packed.mjs").Packed} packed
 * @returns {Promise<import("./stage.mjs").Check[]>}
 */
async function inspect({ name, tarball }) {
  const node = toolNode();
  const exports = await run(node, [publint, "run", tarball, "--strict"]);
  const list = await run("tar", ["-tzf", tarball]);
  const read = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  const manifest = read.code === 0 ? JSON.parse(read.stdout) : {};
  return [
    ...(isLibrary(manifest) ? [await typesCheck(name, tarball)] : []),
    exitCheck(`${name}: publint`, exports),
    list.code === 0 ? filesCheck(name, list.stdout, manifest) : exitCheck(`${name}: files`, list),
    read.code === 0 ? manifestCheck(name, manifest) : exitCheck(`${name}: manifest`, read),
  ];
}

/**
 * A command line has no types to look for.
 *
 * @param {{ exports?: Record<string, unknown> }} manifest
 */
const isLibrary = ({ exports = {} }) => Object.keys(exports).some((subpath) => subpath !== "./package.json");

/**
 * @param {string} name
 * @param {string} tarball
 */
async function typesCheck(name, tarball) {
  // Our types are in the tarball: no look-up of a @types package. Without --profile all module modes count, node10 too.
  const args = [attw, tarball, "--no-definitely-typed", "--no-emoji", "--no-color", "--format=ascii"];
  return exitCheck(`${name}: types in every module mode`, await run(toolNode(), args));
}

/**
 * @param {string} name
 * @param {string} list
 * @param {{ exports?: Record<string, unknown>, bin?: string | Record<string, string> }} manifest
 * @returns {import("./stage.mjs").Check}
 */
function filesCheck(name, list, { exports = {}, bin = {} }) {
  const title = `${name}: files`;
  const files = list
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  // Each subpath has a folder with a package.json, for tools that know no `exports`.
  const stubs = Object.keys(exports).map((subpath) => `${subpath.slice(2)}/package.json`);
  const required = ["package.json", "LICENSE"];
  const bins = (typeof bin === "string" ? [bin] : Object.values(bin)).map((path) => path.replace(/^\.\//, ""));
  const allowed = new Set([...required, ...stubs, ...bins, "README.md", "CHANGELOG.md"]);
  const missing = required.filter((path) => !files.includes(path));
  const surplus = files.filter((path) => !allowed.has(path) && !/^dist\/[^/]+\.([cm]js(\.map)?|d\.[cm]ts)$/.test(path));
  const problem = [...missing.map((path) => `missing: ${path}`), ...surplus.map((path) => `does not belong: ${path}`)];
  return problem.length === 0 ? { title } : { title, problem: problem.join("\n") };
}

/**
 * @param {string} name
 * @param {{ scripts?: Record<string, string> }} manifest
 * @returns {import("./stage.mjs").Check}
 */
function manifestCheck(name, manifest) {
  const title = `${name}: manifest`;
  const scripts = Object.keys(manifest.scripts ?? {}).filter((script) => lifecycle.test(script));
  const local = JSON.stringify(manifest).match(/"(workspace|catalog):[^"]*"/g) ?? [];
  const problem = [
    ...scripts.map((script) => `runs a script on other machines: ${script}`),
    ...local.map((range) => `means nothing outside this repository: ${range}`),
  ];
  return problem.length === 0 ? { title } : { title, problem: problem.join("\n") };
}
