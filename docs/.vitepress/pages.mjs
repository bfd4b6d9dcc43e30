import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
/** Where the site is put together; thrown away and made anew. */
export const staged = fileURLToPath(new URL("../.site/", import.meta.url));

const sources = ["README.md", "CONTRIBUTING.md", "docs/**/*.md", "packages/*/README.md", "examples/*/README.md"];

/** Every page there is, by its path in the repository. */
const pages = new Set(
  sources.flatMap((pattern) =>
    globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" || name === ".site" }).map(toPosix),
  ),
);

/** @param {string} path */
function toPosix(path) {
  return path.replaceAll("\\", "/");
}

/** A folder's page is its README where code is hosted, and its index on a site. @param {string} path */
export const sitePath = (path) => path.replace(/(^|\/)README\.md$/, "$1index.md");

/**
 * Copies the pages, with their folders, so that links between them hold. A link to a file that is no page (a source, a corpus) is one
 * only where the code is hosted: here its text stays.
 *
 * @returns {string[]} links that lead nowhere
 */
export function stagePages() {
  rmSync(staged, { recursive: true, force: true });
  /** @type {string[]} */
  const dead = [];
  for (const page of pages) {
    const text = readFileSync(join(root, page), "utf8");
    const to = join(staged, sitePath(page));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(
      to,
      outsideCode(text, (part) => withSiteLinks(page, part, dead)),
    );
  }
  cpSync(join(root, "LICENSE"), join(staged, "public", "LICENSE"));
  return dead;
}

/**
 * @param {string} text
 * @param {(part: string) => string} change
 */
function outsideCode(text, change) {
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}

/**
 * @param {string} page
 * @param {string} text
 * @param {string[]} dead
 */
function withSiteLinks(page, text, dead) {
  return text.replace(
    /\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
    (found, /** @type {string} */ words, /** @type {string} */ target) => {
      if (/^([a-z]+:|#)/.test(target)) return found;
      const [path = "", anchor] = target.split("#");
      const resolved = posix.normalize(posix.join(posix.dirname(page), decodeURI(path))).replace(/\/$/, "");
      if (!existsSync(join(root, resolved))) {
        dead.push(`${page}: ${target}`);
        return words;
      }
      const folderPage = statSync(join(root, resolved)).isDirectory() ? posix.join(resolved, "README.md") : resolved;
      if (!pages.has(folderPage)) return words;
      const link = posix.relative(posix.dirname(page), sitePath(folderPage)) || "index.md";
      return `[${words}](${link.startsWith(".") ? link : `./${link}`}${anchor === undefined ? "" : `#${anchor}`})`;
    },
  );
}

/**
 * The order in which pages are read: the lists of docs/README.md.
 *
 * @returns {{ text: string, items: { text: string, link: string }[] }[]}
 */
export function sidebar() {
  const index = readFileSync(join(root, "docs", "README.md"), "utf8");
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split("\n", 1)[0] ?? "",
      items: [...section.matchAll(/^- \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, text = "", target = ""]) => ({
        text,
        link: `/${sitePath(posix.normalize(posix.join("docs", target))).replace(/(index)?\.md$/, "")}`,
      })),
    }))
    .filter(({ items }) => items.length > 0);
}

/** Pages under docs that no list of docs/README.md names. */
export function unlisted() {
  const listed = new Set(sidebar().flatMap(({ items }) => items.map(({ link }) => link)));
  return [...pages].filter(
    (page) => page.startsWith("docs/") && page !== "docs/README.md" && !listed.has(`/${page.replace(/\.md$/, "")}`),
  );
}
