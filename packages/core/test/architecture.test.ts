import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("every file that docs/architecture.md walks through is there", () => {
  const page = new URL("../../../docs/architecture.md", import.meta.url);
  const files = [...readFileSync(page, "utf8").matchAll(/\]\((\.\.\/[^)]+)\)/g)].map(([, path = ""]) => path);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((path) => !existsSync(new URL(path, page)))).toEqual([]);
});
