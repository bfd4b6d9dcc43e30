#!/usr/bin/env node
// npm test [-- stage ...]: everything that is promised, checked. The last line is the count; --list names the stages.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../src/build.mjs";
import { install } from "../src/install.mjs";
import { command } from "../src/prepare.mjs";
import { StepError, step, stopwatch, tail } from "../src/progress.mjs";
import { api } from "../src/stages/api.mjs";
import { consumers } from "../src/stages/consumers.mjs";
import { deadCode } from "../src/stages/dead-code.mjs";
import { examples } from "../src/stages/examples.mjs";
import { faults } from "../src/stages/faults.mjs";
import { lint } from "../src/stages/lint.mjs";
import { packaging } from "../src/stages/packaging.mjs";
import { readme } from "../src/stages/readme.mjs";
import { site } from "../src/stages/site.mjs";
import { types } from "../src/stages/types.mjs";
import { unit } from "../src/stages/unit.mjs";

const stages = [lint, types, deadCode, unit, packaging, api, readme, site, consumers, examples, faults];

const names = process.argv.slice(2);

await command(async () => {
  if (names.includes("--list")) {
    for (const { name, about } of stages) console.log(`${name.padEnd(10)} ${about}`);
    return;
  }
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    throw new StepError(
      `No such stage: ${unknown.join(", ")}. There are ${stages.map(({ name }) => name).join(", ")}.`,
    );
  }
  const chosen = names.length === 0 ? stages : stages.filter(({ name }) => names.includes(name));
  const total = await all(chosen);
  process.exitCode = total.failed > 0 ? 1 : 0;
  console.log(`${total.passed} passed, ${total.failed} failed`);
});

/** @param {import("../src/stages/stage.mjs").Stage[]} chosen */
async function all(chosen) {
  const total = { passed: 0, failed: 0 };
  /** @type {{ title: string, work: () => Promise<string> }[]} */
  const first = [{ title: "install", work: install }];
  if (chosen.some(({ needsBuild }) => needsBuild)) first.push({ title: "build", work: build });
  for (const { title, work } of first) {
    try {
      await step(process.stdout, title, work, (result) => (result === "unchanged" ? result : ""));
      total.passed += 1;
    } catch (error) {
      // Nothing after this could say anything true.
      process.stdout.write(problemOf(error));
      total.failed += 1;
      return total;
    }
  }
  for (const stage of chosen) {
    const { passed, failed } = await one(stage);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

/** @param {import("../src/stages/stage.mjs").Stage} stage */
async function one(stage) {
  const temp = mkdtempSync(join(tmpdir(), `semel-${stage.name}-`));
  const stop = stopwatch();
  process.stdout.write(stage.speaks ? `${stage.name} …\n` : `${stage.name} … `);
  try {
    const { passed, failed, note, problems } = await stage.run(temp);
    const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, note].filter(Boolean).join(", ");
    console.log(`${stage.speaks ? `${stage.name} ` : ""}${stop()}, ${counts}`);
    for (const problem of problems) process.stdout.write(tail(problem));
    return { passed, failed };
  } catch (error) {
    console.log(`${stop()}, failed`);
    process.stdout.write(problemOf(error));
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** @param {unknown} error */
function problemOf(error) {
  if (error instanceof StepError) return String(error);
  return tail(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
