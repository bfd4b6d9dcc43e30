import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { publishedPackages } from "./repository.mjs";

/**
 * What a package's main entry may weigh in a bundle: minified and gzipped, without what it depends on, in bytes. A ceiling
 * is raised on purpose and with a reason, so that nothing grows unseen.
 *
 * @type {Record<string, { ceiling: number, reason: string }>}
 */
const ceilings = {};

/**
 * The size of each published package, by name.
 *
 * @returns {Promise<Map<string, number>>}
 */
async function sizes() {
  const measured = publishedPackages().map(async ({ folder, manifest }) => {
    const { outputFiles } = await build({
      entryPoints: [join(folder, "dist", "index.mjs")],
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
    return /** @type {const} */ ([manifest.name, gzipSync(outputFiles[0]?.contents ?? "").length]);
  });
  return new Map(await Promise.all(measured));
}

/** @returns {Promise<import("./stages/stage.mjs").Check[]>} */
export async function sizeChecks() {
  return [...(await sizes())].map(([name, bytes]) => {
    const title = `${name}: size`;
    const known = ceilings[name];
    if (known === undefined) return { title, problem: `it has no ceiling in size.mjs; it is ${bytes} bytes now` };
    if (bytes <= known.ceiling) return { title };
    return { title, problem: `${bytes} bytes, and its ceiling is ${known.ceiling} (${known.reason})` };
  });
}
