import { beforeAll, describe, expect, test } from "vitest";
import { here, programOf } from "./compile.ts";

// An editor checks a file at every key stroke. What a job costs the compiler must stay small, and must not depend on
// how many others there are: a registry of all jobs by name is what makes such APIs slow.

const definition = (n: number): string => `
const job${n} = defineJob({
  type: "job-${n}",
  payload: z.object({ entity${n}: z.string(), revision: z.number().int(), tags: z.array(z.string()), source: z.object({ url: z.string() }) }),
  result: z.object({ row${n}: z.string(), vector: z.array(z.number()) }),
  correlation: ["entity${n}", "revision"],
});`;
const use = (n: number): string => `
export const process${n} = processor(job${n}, async ({ payload, once }) => {
  const vector = await once("embed", () => [payload.revision]);
  return { row${n}: payload.entity${n}, vector };
});
export const id${n} = (await semel.enqueue(job${n}, { entity${n}: "e", revision: 1, tags: [], source: { url: "" } })).id;`;

/** Type instantiations that a file with so many jobs costs, once the libraries have been looked at. */
function instantiations(jobs: number, isUsed: boolean): number {
  const path = `${here}/budget.ts`;
  const numbers = Array.from({ length: jobs }, (_, n) => n);
  const program = programOf({
    [path]: [
      `import { createSemel, defineJob, processor } from "@semel/core";`,
      `import { memory } from "@semel/core/memory";`,
      `import { z } from "zod";`,
      "const semel = createSemel(memory());",
      ...numbers.map(definition),
      ...(isUsed ? numbers.map(use) : []),
      "export {};",
    ].join("\n"),
  });
  const file = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(path));
  if (!file) throw new Error("the file is not part of its program");
  const problems = program.getSemanticDiagnostics(file);
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]?.messageText));
  return program.getInstantiationCount();
}

describe("what a job costs the compiler", () => {
  const [n, twice] = [10, 20];
  const cost = { defined: 0, used: 0, usedTwice: 0, definedTwice: 0 };

  beforeAll(() => {
    cost.defined = instantiations(n, false);
    cost.definedTwice = instantiations(twice, false);
    cost.used = instantiations(n, true);
    cost.usedTwice = instantiations(twice, true);
  }, 120_000);

  test("an enqueue and a processor need fewer than 100 instantiations", () => {
    const each = (cost.usedTwice - cost.definedTwice - (cost.used - cost.defined)) / (twice - n);
    expect(each).toBeGreaterThan(0);
    expect(each).toBeLessThan(100);
  });

  test("grows in proportion to the number of jobs", () => {
    const first = instantiations(n + twice, true) - cost.usedTwice;
    const second = cost.usedTwice - cost.used;
    expect(first / second).toBeCloseTo(1, 1);
  });
});
