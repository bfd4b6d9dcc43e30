import { join } from "node:path";
import { run } from "../child.mjs";
import { environment, productNode } from "../environment.mjs";
import { root } from "../repository.mjs";

const minute = 60_000;

/** @type {import("./stage.mjs").Stage} */
export const faults = {
  name: "faults",
  about: "real faults on real servers and the model of the guard, in their short form (npm run test:faults)",
  needsBuild: true,
  async run() {
    const node = productNode();
    const args = ["--disable-warning=ExperimentalWarning", join(root, "packages", "faults", "bin", "faults.mjs")];
    const { code, stdout, output } = await run(node, args, { cwd: root, env: environment(node), timeout: 30 * minute });
    const [, held, broken] = /^(\d+) held, (\d+) broken$/m.exec(stdout) ?? [];
    if (held === undefined) return { passed: 0, failed: 1, problems: [`${output}\n(exit code ${code})`] };
    const [seed = ""] = /^seed \d+/m.exec(stdout) ?? [];
    // What does not hold is in lines that say so, each in the part of its run; the others would push it out of sight.
    const parts = stdout.split("\n\n").filter((part) => part.includes("BROKEN"));
    const problems = Number(broken) === 0 ? [] : [[seed, ...parts].join("\n\n")];
    return { passed: Number(held), failed: Number(broken), note: seed, problems };
  },
};
