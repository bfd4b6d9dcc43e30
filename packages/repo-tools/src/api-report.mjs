import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./child.mjs";
import { environment, toolNode } from "./environment.mjs";
import { StepError } from "./progress.mjs";
import { publishedPackages, root } from "./repository.mjs";

/**
 * @typedef {object} ApiEntry  One way into a package: a line of its `exports`.
 * @property {string} title
 * @property {string} folder of the package
 * @property {string} types its built declarations
 * @property {string} report where its report is committed
 */

/** Compilers at a time: each takes some 300 MB. */
const atATime = 2;

/** @returns {ApiEntry[]} */
export function apiEntries() {
  return publishedPackages().flatMap(({ folder, manifest }) => {
    const { exports = {} } = /** @type {{ exports?: Record<string, { import?: { types: string } }> }} */ (
      /** @type {unknown} */ (manifest)
    );
    return Object.entries(exports).flatMap(([subpath, { import: esm }]) => {
      if (esm === undefined) return [];
      const name = subpath === "." ? "index" : subpath.slice(2).replaceAll("/", "-");
      return [
        {
          title: subpath === "." ? manifest.name : `${manifest.name}/${subpath.slice(2)}`,
          folder,
          types: join(folder, esm.types),
          report: join(folder, "etc", `${name}.api.md`),
        },
      ];
    });
  });
}

/**
 * What each entry lets users see, as API Extractor writes it: every exported declaration, without its comments.
 *
 * @param {readonly ApiEntry[]} entries
 * @returns {Promise<string[]>}
 */
export async function apiReports(entries) {
  const reports = new Array(entries.length);
  const queue = entries.map((entry, index) => ({ entry, index }));
  const one = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) reports[next.index] = await apiReport(next.entry);
  };
  await Promise.all(Array.from({ length: atATime }, one));
  return reports;
}

/** @param {ApiEntry} entry */
async function apiReport({ title, folder, types }) {
  if (!existsSync(types)) throw new StepError(`${title} has no declarations at ${relative(root, types)}.`);
  const temp = mkdtempSync(join(tmpdir(), "semel-api-"));
  try {
    // A process of its own: API Extractor works synchronously, for seconds.
    const script = fileURLToPath(new URL("./extract-api.mjs", import.meta.url));
    const node = toolNode();
    const { code, output } = await run(node, [script, folder, types, temp], { cwd: root, env: environment(node) });
    if (code !== 0) throw new StepError(`The API report of ${title} could not be made.`, output);
    return readFileSync(join(temp, "report.api.md"), "utf8");
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** @param {ApiEntry} entry */
export const committedReport = ({ report }) => (existsSync(report) ? readFileSync(report, "utf8") : undefined);

/**
 * @param {ApiEntry} entry
 * @param {string} text
 */
export function commitReport({ report }, text) {
  mkdirSync(dirname(report), { recursive: true });
  writeFileSync(report, text);
}
