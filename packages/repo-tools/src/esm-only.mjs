import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The dependencies of a package that CommonJS cannot have. Node itself would load them by `require`, and Jest does not, so the
 * CommonJS build carries them along.
 *
 * @param {string} folder of the package
 * @returns {string[]}
 */
export function esmOnlyDependencies(folder) {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const require = createRequire(join(folder, "package.json"));
  // Ours have both; they may not be built yet.
  return Object.keys(dependencies).filter((name) => !name.startsWith("@semel/") && isEsmOnly(name, require));
}

/**
 * @param {string} name
 * @param {NodeJS.Require} require
 */
function isEsmOnly(name, require) {
  /** @type {string} */
  let file;
  try {
    file = require.resolve(name);
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return true;
    throw error;
  }
  if (file.endsWith(".cjs") || file.endsWith(".json") || file.endsWith(".node")) return false;
  return file.endsWith(".mjs") || typeOf(dirname(file)) === "module";
}

/** @param {string} folder @returns {string | undefined} what the nearest package.json says its files are */
function typeOf(folder) {
  const path = join(folder, "package.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")).type;
  return dirname(folder) === folder ? undefined : typeOf(dirname(folder));
}
