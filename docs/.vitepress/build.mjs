// Puts the site together and builds it, or serves it: node docs/.vitepress/build.mjs [serve]
import { fileURLToPath } from "node:url";
import { build, createServer } from "vitepress";
import { stagePages, unlisted } from "./pages.mjs";
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
} else await build(docs);
