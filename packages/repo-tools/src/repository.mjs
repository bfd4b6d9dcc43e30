import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's own folder. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What these tools keep between runs. Below node_modules, so nobody has to know about it. */
export const cacheFolder = join(root, "node_modules", ".cache", "semel");

/** @typedef {{ name: string, version: string, private?: boolean, scripts?: Record<string, string>,
 *   dependencies?: Record<string, string>, peerDependencies?: Record<string, string>,
 *   optionalDependencies?: Record<string, string>, devDependencies?: Record<string, string> }} Manifest */

/** @typedef {{ folder: string, manifest: Manifest }} WorkspacePackage */

/**
 * The workspace packages below `packages` or `examples`, in the order of their folders.
 *
 * @param {"packages" | "examples"} parent
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages(parent) {
  const folders = readdirSync(join(root, parent)).sort();
  return folders
    .map((name) => join(root, parent, name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }));
}

/** The packages that npm users get. */
export function publishedPackages() {
  return workspacePackages("packages").filter(({ manifest }) => manifest.private !== true);
}
