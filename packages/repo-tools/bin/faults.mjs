#!/usr/bin/env node
// npm run test:faults [-- run ...]: installs and builds what is missing, then does real faults to real servers.
import { join } from "node:path";
import { become } from "../src/child.mjs";
import { environment, productNode } from "../src/environment.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  // Progress goes to stderr: stdout belongs to the figures. What is tested are the built packages, as users get them.
  await prepare(process.stderr);
  const node = productNode();
  const args = ["--disable-warning=ExperimentalWarning", join(root, "packages", "faults", "bin", "faults.mjs")];
  become(node, [...args, ...process.argv.slice(2)], { cwd: root, env: environment(node) });
});
