#!/usr/bin/env node
// npm run release:pack: packs into ./packed what has a version that npm has not, and nothing else. For the release workflow.
import { appendFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { packedPackages } from "../src/packed.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { StepError } from "../src/progress.mjs";
import { notReady, unpublished } from "../src/release-checks.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  const folder = join(root, "packed");
  rmSync(folder, { recursive: true, force: true });
  const wanted = await unpublished();
  if (wanted.length > 0) {
    const reasons = notReady();
    if (reasons.length > 0) throw new StepError(`Not ready to be published:\n${reasons.join("\n")}`);
    await prepare(process.stdout);
    mkdirSync(folder);
    for (const { name, tarball } of await packedPackages()) {
      if (wanted.includes(name)) renameSync(tarball, join(folder, basename(tarball)));
    }
  }
  for (const name of wanted) console.log(name);
  console.log(`${wanted.length} to be published`);
  if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, `count=${wanted.length}\n`);
});
