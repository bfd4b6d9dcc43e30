#!/usr/bin/env node
// npm run release:dry: what the waiting changesets would publish. Changes nothing and asks nobody.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filesOf, packedPackages } from "../src/packed.mjs";
import { command, prepare } from "../src/prepare.mjs";
import { notReady } from "../src/release-checks.mjs";
import { releasePlan } from "../src/release-plan.mjs";
import { publishedPackages } from "../src/repository.mjs";

await command(async () => {
  await prepare(process.stdout);
  const temp = mkdtempSync(join(tmpdir(), "semel-release-"));
  try {
    const [{ raises }, packed] = await Promise.all([releasePlan(temp), packedPackages()]);
    for (const { name, from, to, raised, entries } of raises) {
      const tarball = packed.find((one) => one.name === name)?.tarball ?? "";
      const kilobytes = (statSync(tarball).size / 1000).toFixed(1);
      const count = (await filesOf(tarball)).length;
      console.log(`\n${name}  ${from} -> ${to} (${raised})  ${kilobytes} kB packed, ${count} files`);
      for (const line of entries.split("\n")) console.log(line === "" ? "" : `  ${line}`);
    }
    const same = publishedPackages().filter(({ manifest }) => !raises.some(({ name }) => name === manifest.name));
    console.log(`\n${raises.length} would be published, ${same.length} stay as they are. Nothing was changed.`);
    for (const reason of notReady()) console.log(`NOT READY: ${reason}`);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
});
