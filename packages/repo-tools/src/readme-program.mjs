import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./repository.mjs";

/** @typedef {{ program: string, prints: string }} ReadmeProgram */

/**
 * The program that the README prints, and what the README says it prints.
 *
 * @returns {ReadmeProgram | undefined} undefined where the README has no such blocks: {@link missing} says so
 */
export function readmeProgram() {
  const path = join(root, "README.md");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const program = /<!--\s*run\s*-->\s*```ts\r?\n(.*?)^```/ms.exec(text)?.[1];
  const prints = /<!--\s*prints\s*-->\s*```\w*\r?\n(.*?)^```/ms.exec(text)?.[1];
  return program === undefined || prints === undefined ? undefined : { program, prints };
}

export const missing =
  "README.md needs a ```ts block right after <!-- run --> and a ```text block right after <!-- prints -->";

/**
 * The same program for CommonJS, which has no `await` outside functions: its imports, and the rest as an exported `main`.
 *
 * @param {string} program
 */
export function asMain(program) {
  const lines = program.split("\n");
  const imports = lines.filter((line) => line.startsWith("import "));
  const rest = lines.filter((line) => !line.startsWith("import "));
  return `${imports.join("\n")}\n\nexport async function main(): Promise<void> {\n${rest.join("\n")}}\n`;
}
