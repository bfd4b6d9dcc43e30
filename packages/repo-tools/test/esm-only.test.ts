import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { esmOnlyDependencies } from "../src/esm-only.mjs";

const folder = mkdtempSync(join(tmpdir(), "semel-esm-only-"));
afterAll(() => rmSync(folder, { recursive: true }));

function dependency(name: string, manifest: object, file: string): string {
  const home = join(folder, "node_modules", name);
  mkdirSync(join(home, "lib"), { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name, ...manifest }));
  writeFileSync(join(home, file), "");
  return name;
}

it("finds the dependencies that CommonJS cannot have, and no others", () => {
  const esm = [
    dependency("import-only", { type: "module", exports: { import: "./lib/a.js" } }, "lib/a.js"),
    dependency("typed-module", { type: "module", main: "./lib/a.js" }, "lib/a.js"),
    dependency("by-extension", { main: "./lib/a.mjs" }, "lib/a.mjs"),
  ];
  const both = [
    dependency("plain", { main: "./lib/a.js" }, "lib/a.js"),
    dependency("dual", { type: "module", exports: { import: "./a.js", require: "./lib/a.cjs" } }, "lib/a.cjs"),
  ];
  const dependencies = Object.fromEntries([...esm, ...both, "@semel/not-built"].map((name) => [name, "1.0.0"]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies }));
  expect(esmOnlyDependencies(folder)).toEqual(esm);
});
