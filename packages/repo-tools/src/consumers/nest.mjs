import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StepError } from "../progress.mjs";
import { asMain } from "../readme-program.mjs";
import { root } from "../repository.mjs";
import { jestArguments, noOpenHandles } from "./jest.mjs";
import { installConsumer, layOut, printed, trial } from "./project.mjs";

/**
 * Nest 11 with the tsconfig and the Jest settings that `nest new` writes, beside bullmq 5 and @nestjs/bullmq.
 *
 * @type {(temp: string, readme: import("../readme-program.mjs").ReadmeProgram) => Promise<import("./project.mjs").Trial[]>}
 */
export async function nest(temp, readme) {
  const folder = await layOut(temp, "nest", readme);
  layOutGuide(folder);
  await installConsumer(folder);
  writeFileSync(join(folder, "src", "readme.ts"), `${asMain(readme.program)}\nvoid main();\n`);
  const built = "Nest 11: builds with its own tsconfig, and runs";
  const program = "Nest 11: the README's program";
  const guide = "Nest 11: the guide's application answers";
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
        const answered = await trial(
          guide,
          folder,
          node,
          [join("dist", "guide.js")],
          printed("created once completed 4"),
        );
        if (answered.problem !== undefined) return answered;
        return {
          ...(await trial(program, folder, node, [join("dist", "readme.js")], printed(readme.prints))),
          title: `${built}; ${guide}; ${program}`,
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

/**
 * Puts the files of docs/guides/nestjs.md where their first lines say.
 *
 * @param {string} folder
 */
function layOutGuide(folder) {
  const page = readFileSync(join(root, "docs", "guides", "nestjs.md"), "utf8");
  const blocks = [...page.matchAll(/^```ts[^\n]*\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  for (const code of blocks) {
    const path = /^\/\/ (src\/[\w./-]+\.ts)\b/.exec(code)?.[1];
    if (path === undefined) throw new StepError("Every block of docs/guides/nestjs.md begins with its path.", code);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), code);
  }
}
