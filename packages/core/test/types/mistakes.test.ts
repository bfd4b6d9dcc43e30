import { describe, expect, test } from "vitest";
import { here, problemsOf, programOf } from "./compile.ts";
import { given, head, mistakes } from "./mistakes.ts";

// One program for all of them: what costs time is the libraries, not the snippets.
const folder = `${here}/snippets`;
const names = Object.keys(mistakes);
const pathOf = (index: number, kind: "wrong" | "right"): string => `${folder}/${kind}-${index}.ts`;
const headLines = head.split("\n").length - 1;

const program = programOf({
  [`${folder}/given.ts`]: given,
  ...Object.fromEntries(
    Object.values(mistakes).flatMap(({ wrong, right }, index) => [
      [pathOf(index, "wrong"), head + wrong],
      [pathOf(index, "right"), head + right],
    ]),
  ),
});

describe("the compiler refuses a typical mistake and says why", { timeout: 60_000 }, () => {
  test("with what all snippets share being right", () => {
    expect(problemsOf(program, `${folder}/given.ts`)).toEqual([]);
  });

  describe.each(names.map((name, index) => ({ name, index })))("$name", ({ name, index }) => {
    test("is refused", () => {
      const problems = problemsOf(program, pathOf(index, "wrong"));
      expect(problems.join("\n")).toMatch(mistakes[name]?.says ?? /never/);
      // Where the mistake is, and not in a page of consequences.
      expect(problems.length).toBeLessThanOrEqual(2);
      expect(problems.every((problem) => problem.startsWith(`${headLines + 1}: `))).toBe(true);
    });

    test("and what was meant compiles", () => {
      expect(problemsOf(program, pathOf(index, "right"))).toEqual([]);
    });
  });
});
