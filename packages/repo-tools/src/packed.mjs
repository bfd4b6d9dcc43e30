import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./child.mjs";
import { environment, toolNode } from "./environment.mjs";
import { ensurePnpm } from "./pnpm.mjs";
import { StepError } from "./progress.mjs";
import { publishedPackages, root } from "./repository.mjs";

/** @typedef {{ name: string, tarball: string }} Packed */

/** @type {Promise<Packed[]> | undefined} */
let packed;

/** Packs every published package exactly as it would go to the registry; once, however many ask. */
export function packedPackages() {
  packed ??= packInto(temporary());
  return packed;
}

function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "semel-packed-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The same into a folder of the caller's.
 *
 * @param {string} folder an absolute path; made if it is absent
 * @returns {Promise<Packed[]>}
 */
export async function packInto(folder) {
  const pnpm = await ensurePnpm();
  const node = toolNode();
  const options = { cwd: root, env: environment(node) };
  const names = publishedPackages().map(({ manifest }) => manifest.name);
  const filters = names.map((name) => `--filter=${name}`);
  const result = await run(node, [pnpm, ...filters, "pack", `--pack-destination=${folder}`], options);
  if (result.code !== 0) throw new StepError("The packages could not be packed.", result.output);
  const tarballs = readdirSync(folder);
  return names.map((name) => {
    // npm names a scoped package's tarball scope-name-version.tgz.
    const start = `${name.replace("@", "").replace("/", "-")}-`;
    const file = tarballs.find((tarball) => tarball.startsWith(start) && /^\d/.test(tarball.slice(start.length)));
    if (file === undefined) throw new StepError(`No tarball of ${name} came out of pnpm pack.`, result.output);
    return { name, tarball: join(folder, file) };
  });
}

/**
 * The paths in a tarball, as they lie in an installed package.
 *
 * @param {string} tarball
 */
export async function filesOf(tarball) {
  const { code, stdout, output } = await run("tar", ["-tzf", tarball]);
  if (code !== 0) throw new StepError(`${tarball} could not be read.`, output);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
}
