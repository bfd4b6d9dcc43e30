import { join } from "node:path";
import { run } from "../child.mjs";
import { toolNode } from "../environment.mjs";
import { root } from "../repository.mjs";
import { exitCheck, tally } from "./stage.mjs";

const knip = join(root, "node_modules", "knip", "bin", "knip.js");

/** @type {import("./stage.mjs").Stage} */
export const deadCode = {
  name: "dead-code",
  about: "unused files, exports and dependencies",
  needsBuild: false,
  async run() {
    return tally([exitCheck("knip", await run(toolNode(), [knip, "--no-progress"], { cwd: root }))]);
  },
};
