import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesOf, packedPackages } from "./packed.mjs";
import { publishedPackages, root } from "./repository.mjs";

/** @typedef {{ name: string, path: string, text: string }} FileList  `path` is where it is committed. */

/**
 * What each tarball holds, so that a stray file shows in a review. Shared chunks carry a hash of what is in them, which is left
 * out: the list changes when files do, not when code does.
 *
 * @returns {Promise<FileList[]>}
 */
export async function fileLists() {
  const packed = await packedPackages();
  return Promise.all(
    publishedPackages().map(async ({ folder, manifest }) => {
      const files = await filesOf(packed.find(({ name }) => name === manifest.name)?.tarball ?? "");
      const lines = files.map((file) => file.replace(/-[\w-]{8}(?=\.([cm]js|d\.[cm]ts))/, "-(hash)")).sort();
      return { name: manifest.name, path: join(folder, "etc", "files.txt"), text: `${lines.join("\n")}\n` };
    }),
  );
}

/** @returns {Promise<import("./stages/stage.mjs").Check[]>} */
export async function fileListChecks() {
  return (await fileLists()).map(({ name, path, text }) => {
    const title = `${name}: the list of its files`;
    const committed = committedList(path);
    if (committed === text) return { title };
    const [before, now] = [committed.split("\n"), text.split("\n")];
    const changes = [
      ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
      ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
    ];
    return { title, problem: `${relative(root, path)}: npm run api writes it anew\n${changes.join("\n")}` };
  });
}

/** @returns {Promise<string[]>} what was written */
export async function commitFileLists() {
  const changed = (await fileLists()).filter(({ path, text }) => committedList(path) !== text);
  for (const { path, text } of changed) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return changed.map(({ path }) => relative(root, path));
}

/** @param {string} path */
const committedList = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
