import { join } from "node:path";
import { run } from "../child.mjs";
import { toolNode } from "../environment.mjs";
import { root } from "../repository.mjs";
import { exitCheck, tally } from "./stage.mjs";

export const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");

/** @type {import("./stage.mjs").Stage} */
export const lint = {
  name: "lint",
  about: "formatting and lint rules (npm run format mends most of it)",
  needsBuild: false,
  async run() {
    return tally([exitCheck("biome", await run(toolNode(), [biome, "ci", "--colors=off"], { cwd: root }))]);
  },
};
