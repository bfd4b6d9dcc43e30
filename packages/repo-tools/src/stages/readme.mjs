import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../child.mjs";
import { environment, productNode, toolNode } from "../environment.mjs";
import { packedPackages } from "../packed.mjs";
import { npm } from "../pnpm.mjs";
import { missing, readmeProgram } from "../readme-program.mjs";
import { root } from "../repository.mjs";
import { exitCheck, tally } from "./stage.mjs";
import { compiler } from "./types.mjs";

const minute = 60_000;

/** @type {import("./stage.mjs").Stage} */
export const readme = {
  name: "readme",
  about: "the README's program, as printed, in an empty folder with the packed packages",
  needsBuild: true,
  async run(temp) {
    const found = readmeProgram();
    if (found === undefined) return tally([{ title: "the program", problem: missing }]);
    const { program, prints } = found;
    const zod = JSON.parse(readFileSync(join(root, "node_modules", "zod", "package.json"), "utf8")).version;
    const node = productNode();
    const options = { cwd: temp, env: environment(node) };
    writeFileSync(join(temp, "package.json"), JSON.stringify({ private: true, type: "module" }));
    writeFileSync(join(temp, "program.ts"), program);
    writeFileSync(join(temp, "tsconfig.json"), JSON.stringify(readersConfig()));
    const tarballs = (await packedPackages()).map(({ tarball }) => tarball);
    const installed = await npm(
      ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs, `zod@${zod}`],
      temp,
      options.env,
    );
    if (installed.code !== 0) return tally([exitCheck("npm install of the packed packages", installed)]);
    const args = ["--disable-warning=ExperimentalWarning", "program.ts"];
    const ran = await run(node, args, { ...options, timeout: 2 * minute });
    return tally([
      exitCheck("the program's types", await run(toolNode(), [compiler, "--pretty", "false"], options)),
      exitCheck("the program's exit code", ran),
      ran.stdout.trimEnd() === prints.trimEnd()
        ? { title: "what the program prints" }
        : { title: "what the program prints", problem: `README.md says:\n${prints}\nit printed:\n${ran.stdout}` },
    ]);
  },
};

/** What a careful reader of the README would use. */
function readersConfig() {
  return {
    compilerOptions: {
      target: "es2023",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
    },
    files: ["program.ts"],
  };
}
