import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { brokenQueues, brokenStores } from "./broken/index.ts";

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly ancestorTitles: readonly string[];
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

let results: Report["testResults"][number]["assertionResults"] = [];

beforeAll(async () => {
  const report = await runFixture();
  results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
}, 180_000);

describe.each([
  ["describeQueue", brokenQueues],
  ["describeJobStore", brokenStores],
] as const)("%s", (_suite, broken) => {
  for (const { adapter, group } of broken) {
    test(`an adapter that ${inWords(adapter.name)} turns the group "${group}" red, and no other`, () => {
      expect(groupsOf(adapter.name, "failed")).toEqual([group]);
    });
  }

  test("the groups that stay green were really run", () => {
    for (const { adapter } of broken) expect(groupsOf(adapter.name, "passed").length).toBeGreaterThan(15);
  });
});

describe("describeJobStoreModel", () => {
  for (const { adapter, inAnyOrder } of brokenStores) {
    if (!inAnyOrder) continue;
    test(`a store that ${inWords(adapter.name)} is caught, and told why`, () => {
      const [found] = results.filter(({ ancestorTitles }) => ancestorTitles[0] === `${adapter.name} in any order`);
      expect(found?.failureMessages.join("\n")).toMatch(inAnyOrder);
    });
  }
});

function groupsOf(adapter: string, status: "passed" | "failed"): readonly string[] {
  const matching = results.filter((result) => result.status === status && result.ancestorTitles[0] === adapter);
  return [...new Set(matching.map(({ ancestorTitles }) => ancestorTitles[1] ?? ""))];
}

const inWords = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();

/** In a process of its own: what fails there must not count as failed here. */
async function runFixture(): Promise<Report> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const config = fileURLToPath(new URL("broken/vitest.config.ts", import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), "semel-suites-"));
  const output = join(folder, "report.json");
  const argv = [vitest, "run", "--config", config, "--reporter=json", `--outputFile=${output}`];
  // Variables of the run that is going on here would make the new one believe to be part of it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
  try {
    // It exits with 1 because tests fail, which is what it is for.
    const said = await new Promise<string>((resolve) => {
      execFile(process.execPath, argv, { env }, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
    });
    const report = await readFile(output, "utf8").catch((cause) => {
      throw new Error(`the fixture left no report: ${said}`, { cause });
    });
    return JSON.parse(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
