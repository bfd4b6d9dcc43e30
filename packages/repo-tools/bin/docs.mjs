#!/usr/bin/env node
// npm run docs [-- serve]: the documentation as a site, built into docs/.vitepress/dist, or served while you write.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { toolNode } from "../src/environment.mjs";
import { install } from "../src/install.mjs";
import { command } from "../src/prepare.mjs";
import { step } from "../src/progress.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  await step(process.stdout, "install", install);
  const docs = join(root, "docs");
  const { status } = spawnSync(toolNode(), [join(docs, ".vitepress", "build.mjs"), ...process.argv.slice(2)], {
    cwd: docs,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
});
