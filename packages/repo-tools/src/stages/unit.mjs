import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { show } from "../child.mjs";
import { environment, productNode } from "../environment.mjs";
import { root } from "../repository.mjs";

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

/** @type {import("./stage.mjs").Stage} */
export const unit = {
  name: "unit",
  about: "every package's and example's tests, the adapter suites among them",
  needsBuild: false,
  speaks: true,
  async run(temp) {
    const file = join(temp, "results.json");
    const node = productNode();
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    // Vitest colours what it prints even where nobody can see colours, such as a log file.
    const env = { ...environment(node), ...(!process.stdout.isTTY && { NO_COLOR: "1" }) };
    const code = await show(node, [vitest, ...args], { cwd: root, env });
    if (!existsSync(file)) return { passed: 0, failed: 1, problems: [`vitest left no results (exit code ${code})`] };
    return count(JSON.parse(readFileSync(file, "utf8")), code);
  },
};

/** @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { name: string, status: string, assertionResults: { status: string }[] }[] }} Results */

/**
 * @param {Results} results
 * @param {number} code
 * @returns {import("./stage.mjs").Tally}
 */
function count(results, code) {
  // A file that could not be loaded, or whose hooks failed, has no failed test of its own and must count all the same.
  const broken = results.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const problems = broken.map(({ name }) => `${relative(root, name)} failed outside its tests`);
  let failed = results.numFailedTests + broken.length;
  // An error nobody awaited, a failing setup, no test at all: vitest fails with no test to blame.
  if (failed === 0 && code !== 0) {
    failed = 1;
    problems.push(`vitest failed outside the tests (exit code ${code})`);
  }
  const skipped = results.numPendingTests + results.numTodoTests;
  return { passed: results.numPassedTests, failed, problems, ...(skipped > 0 && { note: `${skipped} skipped` }) };
}
