import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asMain } from "../readme-program.mjs";
import { installConsumer, layOut, trial } from "./project.mjs";
import { node22, node24, node26 } from "./runtimes.mjs";

/**
 * Jest 30 as it comes: CommonJS, no transform for packages, no flags.
 *
 * @type {(temp: string, readme: import("../readme-program.mjs").ReadmeProgram) => Promise<import("./project.mjs").Trial[]>}
 */
export async function jest(temp, readme) {
  const folder = await layOut(temp, "jest", readme);
  await installConsumer(folder);
  // Loaded late: this file is read before anything is installed.
  const { transform } = await import("esbuild");
  const { code } = await transform(asMain(readme.program), { loader: "ts", format: "cjs" });
  writeFileSync(join(folder, "program.cjs"), code);
  const program = "Jest 30: the README's program, with the flag that PGlite needs";
  return [
    ...[node22, node24, node26].map((needs) => {
      const title = `Jest 30 on ${needs.name}`;
      const args = [...jestArguments, "memory", "entries"];
      return { title, needs, run: (/** @type {string} */ node) => trial(title, folder, node, args, noOpenHandles) };
    }),
    {
      title: program,
      run: (node) =>
        trial(program, folder, node, ["--experimental-vm-modules", jestProgram, "--ci", "program"], noOpenHandles),
    },
  ];
}

const jestProgram = join("node_modules", "jest", "bin", "jest.js");

/** One process, which ends by itself or is found out. */
export const jestArguments = [jestProgram, "--ci", "--runInBand", "--detectOpenHandles"];

/** @param {import("../child.mjs").RunResult} result */
export function noOpenHandles({ output }) {
  if (/open handle|did not exit|import after the Jest environment/i.test(output)) return "something was left open";
  return /^Tests: +(\d+ passed, )?\d+ total$/m.test(output) ? undefined : "Jest counted no tests, or skipped some";
}
