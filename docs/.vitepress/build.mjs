// Puts the site together and builds it, or serves it: node docs/.vitepress/build.mjs [serve]
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createServer } from "vitepress";
import { sidebar, stagePages, unlisted } from "./pages.mjs";
import { writeReference } from "./reference.mjs";

const docs = fileURLToPath(new URL("../", import.meta.url));
const problems = [
  ...stagePages().map((link) => `a link that leads nowhere: ${link}`),
  ...unlisted().map((page) => `no list of docs/README.md names ${page}`),
];
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
await writeReference();
if (process.argv[2] === "serve") {
  const server = await createServer(docs);
  await server.listen();
  server.printUrls();
} else {
  await build(docs);
  // For those who look whether every page is there.
  const links = sidebar().flatMap(({ items }) => items.map(({ link }) => link));
  writeFileSync(join(docs, ".vitepress", "dist", "sidebar.json"), JSON.stringify(links));
}
