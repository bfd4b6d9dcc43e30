#!/usr/bin/env node
// npm run release:version: turns the waiting changesets into versions and changelogs, to be committed as they are.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { show } from "../src/child.mjs";
import { environment, toolNode } from "../src/environment.mjs";
import { ensurePnpm } from "../src/pnpm.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { changesets, releasePlan, withCoreFile } from "../src/release-plan.mjs";
import { root } from "../src/repository.mjs";

await command(async () => {
  await prepare(process.stdout, { packages: false });
  const temp = mkdtempSync(join(tmpdir(), "semel-release-"));
  try {
    const { withCore } = await releasePlan(temp);
    if (withCore !== undefined) writeFileSync(join(root, ".changeset", withCoreFile), withCore);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
  const node = toolNode();
  const options = { cwd: root, env: environment(node) };
  process.exitCode = await show(node, [changesets, "version"], options);
  if (process.exitCode === 0)
    process.exitCode = await show(node, [await ensurePnpm(), "install", "--lockfile-only"], options);
  if (process.exitCode === 0)
    process.exitCode = await show(node, [join(root, "packages", "repo-tools", "bin", "format.mjs")], options);
});
