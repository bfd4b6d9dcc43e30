import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { type Figure, figure, single, type Target } from "../figure.ts";
import { interleave, pick, problemOf, roundsOf } from "../interleave.ts";
import { type Row, sized } from "../row.ts";

const semel = "@semel/core";
/** zod is what Semel itself depends on: most of its weight, and there already where the application validates with it. */
const modules: readonly string[] = [semel, "zod", "bullmq", "pg-boss"];

/** kB of everything in the package and what it depends on. Whoever makes it larger says here that it is worth it. */
const ceiling: { readonly minified: number; readonly gzipped: number } = { minified: 150, gzipped: 46 };

const importMs: Target = { atMost: 40 };

/** What it costs to import Semel. */
export const importRow: Row = {
  name: "import",
  about: "cold import in a fresh process, and the size of everything that comes along, minified and compressed",
  profiled: { side: "@semel/core", what: "" },
  async run(bench) {
    const rounds = sized(bench.form, { short: 5, default: 15, full: 31 });
    const sides = modules.map((name) => ({ name, measure: () => importTime(name) }));
    const all = await interleave(bench, "cold import", sides, { rounds, timeoutMs: 20_000 });
    const figures: Figure[] = all.map((one) => {
      const target = one.name === semel ? importMs : undefined;
      const others = one.name === semel ? modules.slice(1) : [];
      const against = others.map((to) => ({ to, rounds: roundsOf(all, to, (ms) => ms) }));
      return figure(
        "cold import",
        one.name,
        pick(one, (ms) => ms),
        { unit: "ms", target, against, problem: one.problem },
      );
    });
    bench.progress.begin("size");
    const sizes = await Promise.all(all.map(async ({ name }) => ({ name, size: await sizeOf(name) })));
    for (const kind of ["minified", "gzipped"] as const) {
      for (const { name, size } of sizes) {
        const target = name === semel ? { atMost: ceiling[kind] } : undefined;
        const problem = "problem" in size ? size.problem : undefined;
        const kb = "problem" in size ? Number.NaN : size[kind] / 1_000;
        figures.push(single(kind, name, kb, { unit: "kB", target, problem }));
      }
    }
    return figures;
  },
};

/** Milliseconds of the import alone, without the start of Node. */
async function importTime(module: string): Promise<number> {
  const code = `const before = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - before); process.exit()`;
  const args = ["--input-type=module", "--eval", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return Number(stdout);
}

/** Bytes of one file that holds all the package exports and all it depends on, Node's own modules left out. */
async function sizeOf(
  module: string,
): Promise<{ readonly minified: number; readonly gzipped: number } | { readonly problem: string }> {
  try {
    const { outputFiles } = await build({
      stdin: { contents: `export * from ${JSON.stringify(module)};`, resolveDir: import.meta.dirname },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      target: "node22",
      write: false,
      logLevel: "silent",
      // Optional there: loaded if they are installed.
      external: ["pg-native", "*.node"],
    });
    const [file] = outputFiles;
    if (!file) return { problem: "nothing was built" };
    return { minified: file.contents.length, gzipped: gzipSync(file.contents, { level: 9 }).length };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}
