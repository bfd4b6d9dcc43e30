import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asMain } from "../readme-program.mjs";
import { jestArguments, noOpenHandles } from "./jest.mjs";
import { installConsumer, layOut, printed, trial } from "./project.mjs";

/**
 * Nest 11 with the tsconfig and the Jest settings that `nest new` writes, beside bullmq 5 and @nestjs/bullmq.
 *
 * @type {(temp: string, readme: import("../readme-program.mjs").ReadmeProgram) => Promise<import("./project.mjs").Trial[]>}
 */
export async function nest(temp, readme) {
  const folder = await layOut(temp, "nest", readme);
  await installConsumer(folder);
  writeFileSync(join(folder, "src", "readme.ts"), `${asMain(readme.program)}\nvoid main();\n`);
  const built = "Nest 11: builds with its own tsconfig, and runs";
  const program = "Nest 11: the README's program";
  const tests = "Nest 11: its tests, by ts-jest";
  const versions = "Nest 11: bullmq 5 and ours beside each other";
  return [
    {
      title: built,
      run: async (node) => {
        const compiled = await trial(built, folder, node, [
          join("node_modules", "typescript", "bin", "tsc"),
          "--pretty",
          "false",
        ]);
        if (compiled.problem !== undefined) return compiled;
        const ran = await trial(
          built,
          folder,
          node,
          [join("dist", "main.js")],
          printed("3 words, MailsProcessor beside"),
        );
        if (ran.problem !== undefined) return ran;
        return {
          ...(await trial(program, folder, node, [join("dist", "readme.js")], printed(readme.prints))),
          title: `${built}; ${program}`,
        };
      },
    },
    { title: tests, run: (node) => trial(tests, folder, node, jestArguments, noOpenHandles) },
    {
      title: versions,
      run: (node) => trial(versions, folder, node, ["bullmq-versions.cjs"], printed("each has its own")),
    },
  ];
}
