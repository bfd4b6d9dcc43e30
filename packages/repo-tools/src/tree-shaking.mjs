import { join } from "node:path";
import { publishedPackages } from "./repository.mjs";

/** What an application that only defines jobs may carry of core, as a share of the whole; it was 6 % when this was written. */
const definitionShare = 0.1;

/**
 * Bundlers leave out what is not used, because `sideEffects: false` lets them. That nothing happens at loading is checked by the
 * consumers' `load.mjs`, on the packed packages.
 *
 * @returns {Promise<import("./stages/stage.mjs").Check[]>}
 */
export async function treeShakingChecks() {
  const packages = publishedPackages().filter(({ manifest }) => "main" in manifest);
  const unused = packages.map(async ({ folder, manifest }) => {
    const title = `${manifest.name}: nothing remains of it where nothing is used`;
    const bytes = await bundled(`import ${JSON.stringify(join(folder, "dist", "index.mjs"))};`, folder);
    return bytes === 0
      ? { title }
      : { title, problem: `${bytes} bytes do: say "sideEffects": false in its package.json` };
  });
  const core = packages.find(({ manifest }) => manifest.name === "@semel/core")?.folder ?? "";
  const entry = JSON.stringify(join(core, "dist", "index.mjs"));
  const definition = await bundled(`export { defineJob } from ${entry};`, core);
  const whole = await bundled(`export * from ${entry};`, core);
  const title = "@semel/core: who only defines jobs carries no worker";
  const problem = `defineJob alone is ${definition} bytes of ${whole}, and a ${1 / definitionShare}th is what it may be`;
  const check = definition > 0 && definition <= definitionShare * whole ? { title } : { title, problem };
  return [...(await Promise.all(unused)), check];
}

/**
 * @param {string} contents
 * @param {string} resolveDir
 * @returns {Promise<number>} bytes, minified
 */
async function bundled(contents, resolveDir) {
  // Loaded late: this file is read before anything is installed.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    packages: "external",
    // This repository's own would lead other packages' names to their sources.
    tsconfigRaw: {},
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.contents.length ?? 0;
}
