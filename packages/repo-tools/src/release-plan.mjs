import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "./child.mjs";
import { environment, toolNode } from "./environment.mjs";
import { StepError } from "./progress.mjs";
import { root, workspacePackages } from "./repository.mjs";

/** The tool, by path. */
export const changesets = join(root, "node_modules", "@changesets", "cli", "bin.js");

/** @typedef {{ name: string, from: string, to: string, raised: "major" | "minor" | "patch", entries: string }} Raise
 *   `entries` is what its changelog would say of the new version. */

/**
 * @typedef {object} Supposing  What is otherwise than in this repository.
 * @property {string} [version] of every published package
 * @property {Record<string, string>} [changesets] file name to text, in place of those that wait
 */

/** The changeset that {@link withCore} writes. */
export const withCoreFile = "with-core.md";

/**
 * What the waiting changesets would make of the versions: the real tool, on a copy of the manifests. Changes nothing here.
 *
 * @param {string} temp an empty folder
 * @param {Supposing} [supposing]
 * @returns {Promise<{ raises: Raise[], withCore: string | undefined }>} of the published packages, those that stay as they are
 *   left out; `withCore` is the changeset that was added for it
 */
export async function releasePlan(temp, supposing = {}) {
  const raises = await versioned(join(temp, "first"), supposing);
  const added = withCore(raises);
  if (added === undefined) return { raises, withCore: added };
  const changesets = { ...supposing.changesets, [withCoreFile]: added };
  return {
    raises: await versioned(join(temp, "second"), { ...supposing, changesets }, !supposing.changesets),
    withCore: added,
  };
}

/**
 * Below 1.0 a minor of core is outside the ranges of whoever depends on it, so each is published anew with another range: what the
 * tool makes a patch. A patch that asks for another core would break installations that hold both by `^0.3.0`. So it is a minor.
 *
 * @param {readonly Raise[]} raises
 * @returns {string | undefined} a changeset
 */
function withCore(raises) {
  const core = raises.find(({ name }) => name === "@semel/core");
  if (core === undefined || core.raised !== "minor" || !core.from.startsWith("0.")) return undefined;
  const patched = raises.filter(({ raised, from }) => raised === "patch" && from.startsWith("0."));
  if (patched.length === 0) return undefined;
  const lines = patched.map(({ name }) => `"${name}": minor\n`).join("");
  return `---\n${lines}---\n\nGoes with @semel/core ${core.to}.\n`;
}

/**
 * @param {string} temp
 * @param {Supposing} supposing
 * @param {boolean} [isAdded] whether the changesets are there besides those that wait
 * @returns {Promise<Raise[]>}
 */
async function versioned(temp, supposing, isAdded = false) {
  mkdirSync(temp);
  const before = copyManifests(temp, supposing, isAdded);
  // The tool asks git which commit brought a changeset.
  const author = ["-c", "user.name=semel", "-c", "user.email=semel@localhost", "-c", "commit.gpgsign=false"];
  await must("git", ["init", "--quiet", "--initial-branch=main"], temp);
  await must("git", ["add", "--all"], temp);
  await must("git", [...author, "commit", "--quiet", "--no-verify", "--message=as it is"], temp);
  await must(toolNode(), [changesets, "version"], temp);
  return before.flatMap(({ name, folder, version: from }) => {
    const to = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
    if (to === from) return [];
    return [{ name, from, to, raised: raised(from, to), entries: entriesOf(join(folder, "CHANGELOG.md"), to) }];
  });
}

/**
 * @param {string} temp
 * @param {Supposing} supposing
 * @param {boolean} isAdded
 */
function copyManifests(temp, { version, changesets: files }, isAdded) {
  for (const file of ["package.json", "pnpm-workspace.yaml"]) cpSync(join(root, file), join(temp, file));
  cpSync(join(root, ".changeset"), join(temp, ".changeset"), { recursive: true });
  if (files !== undefined) {
    const waiting = readdirSync(join(temp, ".changeset")).filter(
      (file) => file.endsWith(".md") && file !== "README.md",
    );
    for (const file of isAdded ? [] : waiting) rmSync(join(temp, ".changeset", file));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(temp, ".changeset", file), text);
  }
  const published = [];
  for (const { folder, manifest } of [...workspacePackages("packages"), ...workspacePackages("examples")]) {
    const copy = join(temp, relative(root, folder));
    mkdirSync(copy, { recursive: true });
    const isPublished = manifest.private !== true;
    const text = { ...manifest, ...(isPublished && version !== undefined && { version }) };
    writeFileSync(join(copy, "package.json"), `${JSON.stringify(text, undefined, 2)}\n`);
    const changelog = join(folder, "CHANGELOG.md");
    if (existsSync(changelog)) cpSync(changelog, join(copy, "CHANGELOG.md"));
    if (isPublished) published.push({ name: manifest.name, folder: copy, version: text.version });
  }
  return published;
}

/**
 * @param {string} from
 * @param {string} to
 */
function raised(from, to) {
  const [old, now] = [from.split("."), to.split(".")];
  if (old[0] !== now[0]) return "major";
  return old[1] === now[1] ? "patch" : "minor";
}

/**
 * @param {string} path
 * @param {string} version
 */
function entriesOf(path, version) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const start = text.indexOf(`\n## ${version}\n`);
  if (start < 0) return "";
  const below = text.slice(start + version.length + 5);
  const end = below.search(/^## /m);
  return (end < 0 ? below : below.slice(0, end)).trim();
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
async function must(command, args, cwd) {
  const { code, output } = await run(command, args, { cwd, env: environment(toolNode()) });
  if (code !== 0) throw new StepError(`${command} ${args.join(" ")} failed.`, output);
}
