#!/usr/bin/env node
// npm run demo [-- arguments]: installs and builds what is missing, then runs the demo in the caller's folder.
import { join } from "node:path";
import { become } from "../src/child.mjs";
import { environment, productNode } from "../src/environment.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  // Progress goes to stderr: stdout belongs to the demo.
  await prepare(process.stderr);
  const node = productNode();
  // Node 22 warns that it strips types; that is no news to anyone here.
  const args = ["--disable-warning=ExperimentalWarning", join(root, "examples", "demo", "src", "main.ts")];
  // npm starts us in the repository; INIT_CWD is where the caller stands, and what relative arguments refer to.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  become(node, [...args, ...process.argv.slice(2)], { cwd, env: environment(node) });
});
