import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "../src/repository.mjs";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, ".github", "workflows");
const files = readdirSync(folder);
const textOf = (file: string): string => readFileSync(join(folder, file), "utf8");
const read = (file: string): Workflow => parse(textOf(file));

it("there are workflows to look at", () => expect(files.sort()).toEqual(["ci.yml", "release.yml"]));

describe.each(files)("%s", (file) => {
  const workflow = read(file);
  const jobs = Object.entries(workflow.jobs);

  it("pins every action by its whole commit, and says which version that is", () => {
    const used = [...textOf(file).matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, use]) => use);
    expect(used.length).toBeGreaterThan(0);
    for (const use of used) expect(use).toMatch(/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("may read and no more, unless a job says so", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    const rights = jobs.flatMap(([name, { permissions = {} }]) =>
      Object.entries(permissions).flatMap(([what, right]) => (right === "read" ? [] : [`${name}: ${what}`])),
    );
    expect(rights).toEqual(file === "release.yml" ? ["publish: id-token", "tag: contents"] : []);
  });

  it("never runs a stranger's code with our rights", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(Object.keys(workflow.on)).not.toContain("workflow_run");
    // What an outsider can write, such as a title, would become part of the script.
    for (const [, { steps }] of jobs)
      for (const { run = "" } of steps) expect(run).not.toMatch(/\$\{\{\s*(github\.(event|head_ref)|inputs)/);
  });

  it("ends by itself, and leaves no credentials where code of dependencies runs", () => {
    for (const [name, job] of jobs) {
      expect(job["timeout-minutes"], name).toBeLessThanOrEqual(40);
      const runsOurs = job.steps.some(({ run = "" }) => /npm run|npm test|\.ci\/run/.test(run));
      for (const step of job.steps) {
        if (step.uses?.startsWith("actions/checkout@") && runsOurs)
          expect(step.with, name).toMatchObject({ "persist-credentials": false });
      }
      if (job.permissions?.["id-token"] !== undefined || job.permissions?.contents === "write")
        expect(runsOurs, `${name} has rights and runs our scripts`).toBe(false);
    }
  });
});

it("publishes with provenance, by trust and without a token", () => {
  const publish = read("release.yml").jobs.publish;
  const run = publish?.steps.map((step) => step.run ?? "").join("\n");
  expect(run).toMatch(/npm publish .*--provenance/);
  expect(textOf("release.yml")).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/);
});
