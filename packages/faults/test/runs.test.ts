import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runs } from "../src/runs.ts";

const page = readFileSync(new URL("../../../docs/reliability.md", import.meta.url), "utf8");

/** The rows of the table between two marks of the page, each as its cells. */
function rows(mark: string): string[][] {
  const [, text = ""] = new RegExp(`<!-- ${mark} -->\\n(.*?)<!-- /${mark} -->`, "s").exec(page) ?? [];
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

describe("docs/reliability.md", () => {
  test("lists the runs there are, in the words of the runs", () => {
    const listed = rows("runs").map(([name, about, form]) => [name, about, form]);
    const there = runs.map(({ name, about, longOnly }) => [`\`${name}\``, about, longOnly ? "long" : "both"]);
    expect(listed.toSorted()).toEqual(there.toSorted());
  });

  test("names runs that there are beside its figures", () => {
    const figures = rows("figures");
    expect(figures.length).toBeGreaterThan(5);
    const named = figures.flatMap(([, , , command = ""]) =>
      [...command.matchAll(/`([a-z-]+)( --long)?`/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThanOrEqual(figures.length);
    expect(named.filter((name) => !runs.some((run) => run.name === name))).toEqual([]);
  });
});

test("a name is given once", () => {
  expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length);
});
