#!/usr/bin/env node
// npm run format: formats every file and mends what can be mended safely.
import { show } from "../src/child.mjs";
import { environment, toolNode } from "../src/environment.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";
import { biome } from "../src/stages/lint.mjs";

await command(async () => {
  await prepare(process.stdout, { packages: false });
  const node = toolNode();
  process.exitCode = await show(node, [biome, "check", "--write"], { cwd: root, env: environment(node) });
});
