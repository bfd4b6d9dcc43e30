import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { environment, productNode } from "./environment.mjs";
import { packedPackages } from "./packed.mjs";
import { npm } from "./pnpm.mjs";
import { root } from "./repository.mjs";
import { exitCheck } from "./stages/stage.mjs";

const program = `
import { createSemel, defineJob, processor } from "@semel/core";
import { memory } from "@semel/core/memory";
import { z } from "zod";

const greet = defineJob({ type: "greet", payload: z.object({ name: z.string() }), result: z.string(), correlation: ["name"] });
const semel = createSemel({ ...memory(), logger: false });
semel.worker({ processors: [processor(greet, async ({ payload, once }) => once("say", () => "salve " + payload.name))] });
semel
  .enqueue(greet, { name: "orbis" })
  .then((handle) => handle.result())
  .then((result) => console.log(result))
  .then(() => semel.close());
`;

/**
 * A small application, bundled into one file by esbuild, that runs where nothing is installed.
 *
 * @param {string} temp
 * @returns {Promise<import("./stages/stage.mjs").Check[]>}
 */
export async function bundledAppChecks(temp) {
  // Loaded late: this file is read before anything is installed.
  const { build } = await import("esbuild");
  const node = productNode();
  const env = environment(node);
  const core = (await packedPackages()).find(({ name }) => name === "@semel/core")?.tarball ?? "";
  const zod = JSON.parse(readFileSync(join(root, "node_modules", "zod", "package.json"), "utf8")).version;
  writeFileSync(join(temp, "package.json"), JSON.stringify({ private: true }));
  writeFileSync(join(temp, "app.ts"), program);
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", core, `zod@${zod}`];
  const installed = await npm(args, temp, env);
  if (installed.code !== 0) return [exitCheck("a bundled application: npm install", installed)];
  const formats = /** @type {const} */ ([
    ["esm", "app.mjs"],
    ["cjs", "app.cjs"],
  ]);
  for (const [format, file] of formats) {
    await build({
      entryPoints: [join(temp, "app.ts")],
      outfile: join(temp, file),
      bundle: true,
      minify: true,
      platform: "node",
      format,
      logLevel: "silent",
    });
  }
  rmSync(join(temp, "node_modules"), { recursive: true });
  return Promise.all(
    formats.map(async ([format, file]) => {
      const title = `a bundled application, ${format}`;
      const ran = await run(node, [file], { cwd: temp, env, timeout: 60_000 });
      if (ran.code !== 0 || ran.stdout.trim() === "salve orbis") return exitCheck(title, ran);
      return { title, problem: `it printed ${JSON.stringify(ran.stdout)}` };
    }),
  );
}
