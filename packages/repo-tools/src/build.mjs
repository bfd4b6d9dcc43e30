import { join } from "node:path";
import { run } from "./child.mjs";
import { environment, toolNode } from "./environment.mjs";
import { StepError } from "./progress.mjs";
import { root } from "./repository.mjs";

/**
 * Builds every package that changed; turbo remembers the others.
 *
 * @returns {Promise<"built" | "unchanged">}
 */
export async function build() {
  const node = toolNode();
  const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
  const args = ["run", "build", "--filter=./packages/*", "--output-logs=errors-only", "--no-color"];
  const { code, output } = await run(node, [turbo, ...args], { cwd: root, env: environment(node) });
  if (code !== 0) throw new StepError("The packages could not be built.", output);
  return output.includes("FULL TURBO") ? "unchanged" : "built";
}
