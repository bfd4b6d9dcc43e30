import { npm } from "./pnpm.mjs";
import { StepError } from "./progress.mjs";
import { publishedPackages, root } from "./repository.mjs";

/** What a version that was never raised looks like. */
const unborn = "0.0.0";

/**
 * Why npm would refuse what we would publish.
 *
 * @returns {string[]}
 */
export function notReady() {
  return publishedPackages().flatMap(({ manifest }) => {
    const { repository } = /** @type {{ repository?: unknown }} */ (/** @type {unknown} */ (manifest));
    // Provenance says which repository a package was built in; npm compares.
    return repository === undefined ? [`${manifest.name} has no "repository", which provenance is compared with`] : [];
  });
}

/**
 * The packages whose version is on main and not on npm.
 *
 * @returns {Promise<string[]>}
 */
export async function unpublished() {
  const names = [];
  for (const { manifest } of publishedPackages()) {
    if (manifest.version === unborn) continue;
    const { code, stdout, output } = await npm(["view", `${manifest.name}@${manifest.version}`, "version"], root);
    if (code !== 0 && !output.includes("E404"))
      throw new StepError(`npm does not say what it has of ${manifest.name}.`, output);
    if (stdout.trim() === "") names.push(manifest.name);
  }
  return names;
}
