import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { toolNode } from "./environment.mjs";
import { root } from "./repository.mjs";

const docs = join(root, "docs");
const dist = join(docs, ".vitepress", "dist");

/** Builds the site into `docs/.vitepress/dist`; a dead link or an unlisted page fails it. */
export const buildSite = () =>
  run(toolNode(), [join(docs, ".vitepress", "build.mjs")], { cwd: docs, timeout: 300_000 });

/**
 * What a site that was built must have.
 *
 * @returns {import("./stages/stage.mjs").Check[]}
 */
export function siteChecks() {
  // Written by the build: this runs on any Node, and the site's own modules on the one of the tools.
  /** @type {string[]} */
  const links = JSON.parse(readFileSync(join(dist, "sidebar.json"), "utf8"));
  const missing = links.filter(
    (link) => !existsSync(join(dist, link.endsWith("/") ? `${link}index.html` : `${link}.html`)),
  );
  const chunks = join(dist, "assets", "chunks");
  const index = readdirSync(chunks).find((name) => name.includes("localSearchIndex"));
  const words = ["effectively", "correlation", "defineJob"];
  const text = index === undefined ? "" : readFileSync(join(chunks, index), "utf8").toLowerCase();
  const unfound = words.filter((word) => !text.includes(word.toLowerCase()));
  const exported = [
    ...readFileSync(join(root, "packages", "core", "etc", "index.api.md"), "utf8").matchAll(
      /^export (?:declare )?(?:abstract )?(?:const|class|function|interface|type) (\w+)/gm,
    ),
  ].map(([, name = ""]) => name);
  const kinds = ["classes", "functions", "interfaces", "type-aliases", "variables"];
  const api = join(dist, "api", "@semel", "core");
  const undescribed = exported.filter((name) => !kinds.some((kind) => existsSync(join(api, kind, `${name}.html`))));
  return [
    check("every page of the sidebar is there", missing),
    check("the search knows its words", unfound),
    check(
      "the reference has a page for every export of core",
      exported.length < 50 ? ["too few exports were found"] : undescribed,
    ),
  ];
}

/**
 * @param {string} title
 * @param {string[]} problems
 */
const check = (title, problems) => (problems.length === 0 ? { title } : { title, problem: problems.join("\n") });
