import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

interface Result {
  readonly status: string;
  readonly title: string;
  readonly ancestorTitles: readonly string[];
  readonly failureMessages: readonly string[];
}

let results: readonly Result[] = [];

beforeAll(async () => {
  results = await runFixture();
}, 120_000);

/** What the suite says of the adapter with the flaw, in the tests whose titles hold this. */
function said(flaw: string, title: string): readonly string[] {
  const found = results.filter((one) => one.ancestorTitles[0] === flaw && one.title.includes(title));
  expect(found).not.toEqual([]);
  return found.map(({ status, failureMessages }) => (status === "failed" ? failureMessages.join("\n") : status));
}

describe("describeModels says to an adapter's author what to look at", () => {
  it.each([
    ["no hasBegun", "reset-in-answer is MODEL_FAILED", "say hasBegun in the facts"],
    ["no hasBegun", "a stream that is reset", "say hasBegun in the facts"],
    ["no clock", "is MODEL_TIMEOUT", "hand the clock that create is given on to the model"],
    ["no signal", "is MODEL_TIMEOUT when the deadline", "hand the exchange's signal on to the client"],
    ["no signal", "to end one call", "hand the exchange's signal on to the client"],
    ["no secrets", "a key that the provider repeats", "name it in the secrets of the model"],
    ["no secrets", "nor in anything a job leaves behind", "name it in the secrets of the model"],
    ["no dimensions", "vectors of the length", "say hasDimensions: false where the provider takes none"],
    ["no dimensions", "vectors of another length than was asked for", "say hasDimensions: false"],
    ["no text model", "a text with its usage", "create has to give text models, got embedding"],
    ["no facts", "no failure of the suite was unclassified", "let failure say more in its facts"],
  ])("%s: %s", (flaw, title, hint) => {
    for (const message of said(flaw, title)) expect(message).toContain(hint);
  });

  it("what an adapter did is what was received, not what was expected", () => {
    const [message] = said("no hasBegun", "a stream that is reset");
    expect(message).toMatch(/expected ModelError: .* to match object/);
  });

  it("what is right with an adapter stays green, and the last test of each is that of the unclassified", () => {
    for (const flaw of ["no hasBegun", "no signal", "no secrets", "no dimensions"]) {
      const of = results.filter(({ ancestorTitles }) => ancestorTitles[0] === flaw);
      expect(of.filter(({ status }) => status === "passed").length).toBeGreaterThan(100);
      expect(of.at(-1)).toMatchObject({ title: "no failure of the suite was unclassified", status: "passed" });
    }
  });
});

/** In a process of its own: what fails there must not count as failed here. */
async function runFixture(): Promise<readonly Result[]> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const config = fileURLToPath(new URL("broken/vitest.config.ts", import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), "semel-models-"));
  const output = join(folder, "report.json");
  const argv = [vitest, "run", "--config", config, "--reporter=json", `--outputFile=${output}`];
  // Variables of the run that is going on here would make the new one believe to be part of it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
  try {
    // It exits with 1 because tests fail, which is what it is for.
    const printed = await new Promise<string>((resolve) => {
      execFile(process.execPath, argv, { env }, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
    });
    const report = await readFile(output, "utf8").catch((cause) => {
      throw new Error(`the fixture left no report: ${printed}`, { cause });
    });
    const { testResults } = JSON.parse(report) as { testResults: { assertionResults: Result[] }[] };
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
