import { delimiter, join } from "node:path";
import { run } from "../child.mjs";
import { environment, productNode } from "../environment.mjs";
import { workspacePackages } from "../repository.mjs";
import { exitCheck, tally } from "./stage.mjs";

const minute = 60_000;

/** @type {import("./stage.mjs").Stage} */
export const examples = {
  name: "examples",
  about: "each example's own check, against the built packages",
  needsBuild: true,
  async run() {
    const node = productNode();
    const checks = [];
    // One after the other: an example may measure time, and should not measure its neighbour.
    for (const { folder, manifest } of workspacePackages("examples")) {
      const script = manifest.scripts?.check;
      if (script === undefined) {
        checks.push({ title: manifest.name, problem: "its package.json has no script named check" });
        continue;
      }
      // The script is run here rather than by a package manager, which would put its own Node first.
      const env = environment(node);
      env.PATH = [join(folder, "node_modules", ".bin"), env.PATH].join(delimiter);
      checks.push(
        exitCheck(manifest.name, await run(script, [], { cwd: folder, env, shell: true, timeout: 5 * minute })),
      );
    }
    return tally(checks);
  },
};
