import { join } from "node:path";
import { run } from "../child.mjs";
import { toolNode } from "../environment.mjs";
import { root } from "../repository.mjs";
import { exitCheck, tally } from "./stage.mjs";

/** The native compiler, by path: the JavaScript one, which build tools load, owns the name `tsc`. */
export const compiler = join(root, "node_modules", "typescript-native", "bin", "tsc");

/** @type {import("./stage.mjs").Stage} */
export const types = {
  name: "types",
  about: "the type check of everything, and of what published sources must obey besides",
  needsBuild: false,
  async run() {
    const projects = ["tsconfig.json", "tsconfig.build.json"];
    const checks = projects.map(async (project) =>
      exitCheck(project, await run(toolNode(), [compiler, "--project", project, "--pretty", "false"], { cwd: root })),
    );
    return tally(await Promise.all(checks));
  },
};
