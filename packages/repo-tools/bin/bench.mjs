#!/usr/bin/env node
// npm run bench [-- row ...]: installs and builds what is missing, then measures what this repository claims of itself.
import { join } from "node:path";
import { become } from "../src/child.mjs";
import { environment, productNode } from "../src/environment.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  // Progress goes to stderr: stdout belongs to the figures. What is measured are the built packages, as users get them.
  await prepare(process.stderr);
  const node = productNode();
  const args = ["--disable-warning=ExperimentalWarning", join(root, "packages", "bench", "bin", "bench.mjs")];
  become(node, [...args, ...process.argv.slice(2)], { cwd: root, env: environment(node) });
});
