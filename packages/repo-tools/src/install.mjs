import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { environment } from "./environment.mjs";
import { ensurePnpm, pnpmVersion } from "./pnpm.mjs";
import { StepError } from "./progress.mjs";
import { cacheFolder, root, workspacePackages } from "./repository.mjs";

const stamp = join(cacheFolder, "installed");

/**
 * Installs what the lockfile says. Does nothing when neither it nor a manifest changed since the last time.
 *
 * @returns {Promise<"installed" | "unchanged">}
 */
export async function install() {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < 20) throw new StepError(`Please use Node 20 or newer; this is ${process.version}.`);
  const pnpm = await ensurePnpm();
  const state = wanted();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state && isComplete()) return "unchanged";
  const { code, output } = await run(
    process.execPath,
    // A node_modules folder of another machine or store is replaced without a question: nobody may be there to answer.
    [pnpm, "install", "--frozen-lockfile", "--reporter=append-only", "--config.confirmModulesPurge=false"],
    { cwd: root, env: environment(process.execPath) },
  );
  if (code !== 0) {
    const hint = output.includes("ERR_PNPM_OUTDATED_LOCKFILE")
      ? `A package.json changed: npx -y pnpm@${pnpmVersion} install brings the lockfile up to date.`
      : "The dependencies could not be installed.";
    throw new StepError(hint, output);
  }
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(stamp, state);
  return "installed";
}

/** Everything that decides what an installation looks like, as one hash. */
function wanted() {
  const hash = createHash("sha256").update([process.platform, process.arch, pnpmVersion].join());
  for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"])
    hash.update(readFileSync(join(root, file)));
  for (const { folder } of workspaces()) hash.update(folder).update(readFileSync(join(folder, "package.json")));
  return hash.digest("hex");
}

function isComplete() {
  const folders = [
    root,
    ...workspaces()
      .filter(({ manifest }) => hasDependencies(manifest))
      .map(({ folder }) => folder),
  ];
  return (
    folders.every((folder) => existsSync(join(folder, "node_modules"))) &&
    existsSync(join(root, "node_modules", ".modules.yaml"))
  );
}

/** @param {import("./repository.mjs").Manifest} manifest */
function hasDependencies(manifest) {
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length > 0;
}

function workspaces() {
  return [...workspacePackages("packages"), ...workspacePackages("examples")];
}
