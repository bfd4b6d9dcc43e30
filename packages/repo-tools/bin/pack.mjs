#!/usr/bin/env node
// npm run pack: every package as a tarball in ./packed, to be installed in a project that is to try this clone.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { packInto } from "../src/packed.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  await prepare(process.stdout);
  const folder = join(root, "packed");
  rmSync(folder, { recursive: true, force: true });
  for (const { name, tarball } of await packInto(folder)) console.log(`${name.padEnd(24)} ${tarball}`);
  console.log(`\nIn your project: npm install ${join(folder, "*.tgz")}`);
});
